"""The demo prints the lens and writes the report."""

from pathlib import Path

import pytest

from .test_cli import run


@pytest.mark.slow
def test_the_demo(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = run(capsys, "demo")
    assert (code, err) == (0, "")
    assert "·Paris with 77.3 %" in out
    assert out.endswith(f"All lenses on one page, offline: {(tmp_path / 'demo.html').as_uri()}\n")
    page = (tmp_path / "demo.html").read_text("utf-8")
    assert "\\u00b7Paris" in page
    assert 'id="cutaway-section-attention"' in page

"""A path that begins with "~" lies in the home folder, or is refused where there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from cutaway.core.errors import MissingError
from cutaway.core.home import expanded


def test_a_path_in_the_home_is_spelt_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert expanded("~/a", "") == tmp_path / "a"
    assert expanded(Path("/a/~b"), "") == Path("/a/~b")


@pytest.mark.parametrize("path", ["~nobody-of-that-name/a", "~"])
def test_without_a_home_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    with pytest.raises(MissingError, match=r"missing the home folder: .*; name it"):
        expanded(path, "name it")


def test_what_finds_a_path_may_find_no_home() -> None:
    def find() -> str:
        raise RuntimeError("no home")

    with pytest.raises(MissingError, match=r"missing the home folder: .*; name it"):
        expanded(find, "name it")

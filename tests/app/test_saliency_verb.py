"""`ct.saliency` and its `.check()`, as a user and as the command line call them."""

from __future__ import annotations

import pytest

import cutaway as ct
from cutaway.app import cli
from cutaway.app import saliency as verb
from cutaway.core.errors import MissingError
from cutaway.core.numbers import percent


@pytest.fixture(scope="module")
def trace(tiny_lm):
    return tiny_lm.generate("The keys to the cabinet", max_new_tokens=3)


def test_a_saliency_can_be_checked(trace):
    view = ct.saliency(trace, targets=[5, 7])
    check = view.check()
    assert check.data.attrs["lens"] == "deletion"
    assert check.data["run"].values.tolist() == ["saliency", "occlusion", "random", "constant"]
    assert check.data.identical(view.check(7, seed=0).data)
    assert not check.data.identical(view.check(5).data)


def test_a_long_computation_says_its_cost_first(trace, monkeypatch, capsys):
    ct.saliency(trace)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(verb, "_LONG", 0)
    ct.saliency(trace)
    assert capsys.readouterr().err.startswith("saliency of 3 tokens: about ")


def test_a_saved_trace_asks_for_its_model(trace, tmp_path):
    saved = ct.open(trace.save(tmp_path / "keys.trace"))
    with pytest.raises(MissingError, match="model"):
        ct.saliency(saved)


def test_the_view_saves_itself(trace, tmp_path):
    view = ct.saliency(trace)
    for suffix in ("csv", "json", "svg"):
        assert view.save(tmp_path / f"saliency.{suffix}").stat().st_size > 100


@pytest.mark.slow
def test_the_command_line_says_the_same(smol, tmp_path, capsys):
    page = tmp_path / "paris.html"
    line = ["saliency", "The capital of France is", "--targets", "5", "--html", str(page)]
    with pytest.raises(SystemExit) as end:
        cli.main(line)
    assert not end.value.code
    view = ct.saliency(smol.trace("The capital of France is"), targets=5)
    best, share = "·capital", view.data["saliency"].values[0, 1]
    assert f"5 ·Paris ←  {best} {percent(float(share))}" in capsys.readouterr().out
    assert page.stat().st_size > 1000


@pytest.mark.slow
def test_the_command_line_checks(capsys):
    line = ["saliency", "The keys to the", "--targets", "4", "--method", "occlusion", "--check"]
    with pytest.raises(SystemExit) as end:
        cli.main(line)
    assert not end.value.code
    assert "knows nothing" in capsys.readouterr().out

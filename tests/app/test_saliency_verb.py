"""`ct.saliency` and its `.check()`, as a user and as the command line call them."""

from __future__ import annotations

import pytest

import cutaway as ct
from cutaway.app import saliency as verb
from cutaway.core.errors import MissingError


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

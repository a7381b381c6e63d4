"""Every family of transformers' own lists: exact, or refused with the cause; none is wrong."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest
import torch

from cutaway.core.errors import MissingError
from cutaway.model.discover import discover
from tests.models import EVERY, kind_of, tiny_model

from .check_neurons import check_down
from .checks import check_lens, check_unchanged
from .expected import NOT_RUNNABLE, QUICK, REFUSED, UNCALLED, UNSCORED
from .outcome import Outcome, conclude
from .survey import IDS, PROBE, look, state_of
from .table import PATH, columns_of, marks_in, row

PAGE = marks_in(PATH.read_text(encoding="utf-8"))
Surveyed = Callable[[str], Outcome]


def marked(names: tuple[str, ...]) -> list[object]:
    slow = pytest.mark.slow
    return [name if name in QUICK else pytest.param(name, marks=slow) for name in names]


@pytest.mark.parametrize("family", marked(EVERY))
def test_every_check_holds(family: str, surveyed: Surveyed) -> None:
    """All of `checks.CHECKS`, in one look; a family that is not exact is expected, by its cause."""
    outcome = surveyed(family)
    assert not outcome.failures
    expected = "not run" if family in NOT_RUNNABLE else "exact"
    if family in REFUSED:
        expected = "refused"
        assert REFUSED[family] in outcome.why
    assert outcome.verdict == expected, outcome.why
    architecture = kind_of(family)[1]
    assert (outcome.experts == "refused") == (architecture in UNCALLED)
    assert (outcome.experts != "choices") or architecture in UNSCORED
    assert not outcome.experts or "experts" in columns_of(kind_of(family)[0])
    (cells,) = marks_in(row(outcome)).values()
    assert cells == PAGE[family], "docs/families.md says something else: make families"


def test_every_family_has_one_place() -> None:
    assert list(PAGE) == list(EVERY)
    assert {*REFUSED, *NOT_RUNNABLE, *QUICK} <= set(EVERY)
    assert not set(REFUSED) & set(NOT_RUNNABLE)


@pytest.mark.parametrize("family", ["llama", pytest.param("reformer", marks=pytest.mark.slow)])
def test_a_model_is_left_as_it_was(family: str) -> None:
    model = tiny_model(family).train()
    model.get_submodule(
        next(name for name, m in model.named_modules() if not [*m.children()])
    ).eval()
    before = state_of(model)
    try:
        discover(model, PROBE)
    except MissingError:
        assert family in REFUSED
    assert state_of(model) == before


def test_the_checks_see_what_is_wrong() -> None:
    """A lens, a pass and neurons that are a little off do not pass."""
    found = look("gpt2")
    for name, check in (("states", check_lens), ("neurons", lambda one: check_down(one, 1))):
        found.trace.materials[name][1][3, 0] += 1  # a norm does not see a factor
        with pytest.raises(AssertionError):
            check(found)
    other = SimpleNamespace(plain=found.plain, within=[SimpleNamespace(logits=None)])
    other.within[0].logits = found.within[0].logits + 1e-3 * torch.randn(1, len(IDS), 200)
    with pytest.raises(AssertionError):
        check_unchanged(other)  # type: ignore[arg-type]


def test_a_model_that_can_not_be_built_is_no_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(family: str) -> None:
        raise OSError("no such weights")

    monkeypatch.setattr("tests.conformance.survey.tiny_model", broken)
    outcome = conclude("llama")
    assert (outcome.verdict, outcome.why) == ("not run", "OSError: no such weights")

"""The examples in the docstrings of public names give what they say."""

from __future__ import annotations

import doctest
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import cutaway

if TYPE_CHECKING:
    from cutaway.model.lm import LM

pytestmark = pytest.mark.slow

#: Names whose examples can't be run here, and why.
NOT_RUN = {
    "CutawayError": "run by its own module, of whose names it is",
    "LensCallback": "a training",
    "Run": "another id each time",
    "Runs": "the id of a run that is not there",
    "Trace.log": "a tracker",
    "View.log": "a tracker",
    "classes": "a model of the hub",
    "experts": "a model of the hub",
    "runs": "another id each time",
    "serve": "another address each time",
    "wrap": "a model of the hub",
}


def public() -> Iterator[tuple[str, str]]:
    """Every public name, and every public method of our classes, with its docstring."""
    for name in cutaway.__all__:
        thing = getattr(cutaway, name)
        yield name, inspect.getdoc(thing) or ""
        for owner in inspect.getmro(thing) if inspect.isclass(thing) else ():
            if owner.__module__.startswith("cutaway."):
                for method, value in vars(owner).items():
                    if not method.startswith("_") and callable(value):
                        yield f"{name}.{method}", inspect.getdoc(value) or ""


def failures(name: str, text: str, names: dict[str, Any]) -> list[str]:
    """What a docstring's examples say otherwise than its text."""
    examples = doctest.DocTestParser().get_examples(text, name)
    for example in examples:
        example.options.pop(doctest.SKIP, None)
    said: list[str] = []
    test = doctest.DocTest(examples, names, name, None, 0, text)
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=said.append)
    return said


def test_the_examples_of_public_names_give_what_they_say(
    smol: LM, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(cutaway, "load", lambda: smol)
    trace = smol.trace("The capital of France is")
    trace.save("paris.trace")
    names = {"ct": cutaway, "lm": smol, "trace": trace, "view": cutaway.logit_lens(trace)}
    ran, wrong = set(), []
    for name, text in public():
        if ">>>" in text and name not in NOT_RUN:
            ran.add(name)
            wrong += failures(name, text, dict(names))
    assert not wrong, "\n".join(wrong)
    assert len(ran) > 15


def test_every_public_name_has_an_example() -> None:
    assert not [name for name, text in public() if "." not in name and ">>>" not in text]

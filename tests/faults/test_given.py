"""Whatever is given: an answer that holds, or a refusal in our words; the model stays whole."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import cutaway as ct
from cutaway.core.errors import CutawayError
from cutaway.model.lm import LM
from cutaway.trace.trace import Trace
from tests.faults.entries import ARGUMENTS, LONG, ODD, TEXTS, World, answered, arguments, shown
from tests.models import tiny
from tests.same import same
from tests.strategies import ids, options, texts

pytestmark = [
    pytest.mark.slow,
    # Texts of 100 kB are meant.
    pytest.mark.filterwarnings("ignore:Generating overly large repr"),
]

#: How many examples of each; `make fuzz` asks for more.
EXAMPLES = int(os.environ.get("CUTAWAY_EXAMPLES", "60"))
TRIES = settings(
    max_examples=EXAMPLES, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
ROWS = 200


@pytest.fixture(scope="module")
def lm() -> LM:
    return ct.wrap(*tiny("llama"))


@pytest.fixture(scope="module")
def expected(lm: LM) -> Any:
    return ct.predictions(lm.trace([5, 6, 7])).data


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World.made(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def before(world: World) -> Any:
    return ct.saliency(world.trace).data, world.both.trace("1, 1", target="1, 2").state(1)


def check(trace: Trace, path: Path) -> None:
    """Offsets lie in the text and in order, nothing printed breaks a line, and it can be kept."""
    row = trace.tokens
    assert all(0 <= a <= b <= len(row.text) for a, b in zip(row.starts, row.ends, strict=True))
    assert all(label and label.isprintable() for label in row.labels)
    assert np.isfinite(trace.state(trace.n_layers - 1)).all()
    assert same(ct.open(trace.save(path)), trace)


def whole(world: World, before: Any) -> None:
    """The models answer as before, and the store has what it had."""
    assert ct.saliency(world.trace).data.identical(before[0])
    np.testing.assert_array_equal(world.both.trace("1, 1", target="1, 2").state(1), before[1])
    assert any(run.name == "kept" for run in world.store.list())


@TRIES
@given(text=texts())
def test_any_text_is_traced_or_refused(text: str, lm: LM, expected: Any, tmp_path: Path) -> None:
    trace = answered(lambda: lm.trace(text))
    if trace is not None:
        check(trace, tmp_path / "a.trace")
    assert ct.predictions(lm.trace([5, 6, 7])).data.equals(expected)


@TRIES
@given(text=texts(), entry=st.sampled_from(sorted(TEXTS)))
def test_any_text_anywhere_is_answered_or_refused(text: str, entry: str, world: World) -> None:
    shown(answered(lambda: TEXTS[entry](world, text)), world.folder)


@pytest.mark.parametrize("entry", TEXTS)
def test_texts_that_break_programs_are_answered_or_refused(
    entry: str, world: World, before: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)  # a text may be the name of a file
    for text in LONG.values():
        shown(answered(lambda text=text: TEXTS[entry](world, text)), world.folder)  # type: ignore[misc]
    whole(world, before)


@pytest.mark.parametrize("verb", ARGUMENTS)
def test_any_argument_is_taken_or_refused(
    verb: str, world: World, before: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    call, wrong, tried = ARGUMENTS[verb][0](world), [], 0
    for name in arguments(verb):
        for what, value in ODD.items():
            tried += 1
            try:
                answered(lambda name=name, value=value: call(**{name: value}))  # type: ignore[misc]
            except Exception as problem:  # any other one is what this looks for
                wrong.append(f"{name}: {what}: {type(problem).__name__}: {str(problem)[:100]}")
    assert tried
    assert not wrong, "\n".join(wrong)
    whole(world, before)


@TRIES
@given(row=ids(ROWS))
def test_any_ids_are_traced_or_refused(row: list[Any], lm: LM, tmp_path: Path) -> None:
    trace = answered(lambda: lm.trace(row))
    if isinstance(trace, list):  # of nothing but texts: several were asked
        assert len(trace) == len(row)
    elif trace is not None:
        assert list(trace.token_ids) == row
        check(trace, tmp_path / "a.trace")


@TRIES
@given(how=options())
def test_any_options_generate_or_are_refused(how: dict[str, Any], lm: LM) -> None:
    trace = answered(lambda: lm.generate([5, 6, 7], **{"max_new_tokens": 2, **how}))
    if trace is not None:
        assert trace.n_prompt == 3
        assert trace.token_ids[:3] == (5, 6, 7)


def test_a_hundred_thousand_letters_without_a_space_are_read_or_refused(smol: LM) -> None:
    with pytest.raises(CutawayError, match="8192 tokens, and it has"):
        smol.trace("x" * 100_000)

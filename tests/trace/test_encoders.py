"""A trace with its encoder's beside it: the law of the file format holds of both."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cutaway.core.errors import FileError, MissingError
from cutaway.trace.attention import AttentionCall
from cutaway.trace.read import read
from cutaway.trace.trace import Trace
from tests.same import same
from tests.trace.linear import linear_trace

S = 4


def shorter(trace: Trace) -> Trace:
    """The first S tokens of a trace that kept its states and neurons."""
    row = trace.tokens
    cut = {
        name: getattr(row, name)[:S]
        for name in ("ids", "labels", "starts", "ends", "special", "roles")
    }
    tokens = replace(row, **cut, n_prompt=S)
    arrays = {
        name: {layer: array[:S].copy() for layer, array in layers.items()}
        for name, layers in trace.materials.items()
    }
    return replace(trace, tokens=tokens, materials=arrays)


def crossing(T: int) -> AttentionCall:
    random = np.random.default_rng(5)

    def some(*shape: int) -> np.ndarray:
        return random.normal(size=shape).astype(np.float32)

    hidden = np.zeros((1, T, S), dtype=bool)
    hidden[0, 2, 1] = True
    return AttentionCall(
        some(2, T, 4), some(1, S, 4), some(1, S, 3), 0.5, causal=False, hidden=hidden,
        bias=some(2, T, S), written=abs(some(2, S)),
    )  # fmt: skip


def translated() -> Trace:
    encoder = shorter(linear_trace(keep=["neurons"], seed=1))
    trace = linear_trace(keep=["neurons", "lens", "attention"])
    return replace(trace, encoder=encoder, cross_calls={1: crossing(trace.n_positions)})


def test_both_sides_come_back_to_the_last_bit(tmp_path: Path) -> None:
    trace = translated()
    again = read(trace.save(tmp_path / "a.trace"))
    assert same(trace, again)
    assert again.encoder is not None
    assert again.source_ids == trace.source_ids
    assert set(again.materials) == {"states", "neurons"}
    assert np.allclose(again.cross_call(1).weights([0, 1]).sum(-1), 1)
    assert again.cross_call(1).weights([1])[0, 2, 1] == 0
    assert again.nbytes == trace.nbytes
    assert not same(trace, replace(again, encoder=None))
    assert not same(trace, replace(again, cross_calls={}))
    other = replace(again.encoder, notes=("another",))
    assert not same(trace, replace(again, encoder=other))
    with pytest.raises(MissingError, match=r"queries of layer 2 to the source.*keep='attention'"):
        again.cross_call(2)


def test_only_files_with_an_encoder_need_a_newer_cutaway(tmp_path: Path) -> None:
    versions = {
        name: trace.save(tmp_path / f"{name}.trace").read_bytes().count(b'"version": "3"')
        for name, trace in (("one", linear_trace(keep=["attention"])), ("two", translated()))
    }
    assert versions == {"one": 0, "two": 1}


@pytest.mark.parametrize("damage", ["keys", "encoder"])
def test_sides_that_do_not_fit_are_refused(tmp_path: Path, damage: str) -> None:
    trace = translated()
    assert trace.encoder is not None
    call = trace.cross_calls[1]
    wrong = {
        "keys": replace(trace, cross_calls={1: replace(call, key=call.key[:, :-1])}),
        "encoder": replace(trace, encoder=None),  # arrays of a source that is not there
    }
    with pytest.raises(FileError, match="describes no trace"):
        read(wrong[damage].save(tmp_path / "a.trace"))

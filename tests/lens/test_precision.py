"""The note of half precision: where the two top logits lie too close for it, and nowhere else."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import numpy as np
import pytest
import torch

import cutaway as ct
from cutaway.lens.precision import ROUNDING, UNITS, uncertain
from tests.models import tiny_model, tiny_tokenizer

TEXT = "The keys to the cabinet are on the table"


def wrapped(dtype: torch.dtype) -> ct.LM:
    return ct.wrap(deepcopy(tiny_model("llama")).to(dtype), tiny_tokenizer())


def notes(view: Any) -> list[str]:
    return [note for note in json.loads(view.data.attrs["notes"]) if "rounding" in note]


def test_units_are_those_of_torch() -> None:
    for name, unit in ROUNDING.items():
        assert unit == torch.finfo(getattr(torch, name)).eps


def test_a_close_call_is_one_within_the_bound() -> None:
    bound = UNITS * ROUNDING["float16"] * 32.0
    logits = np.array([[32.0, 32.0 - bound], [32.0, 31.9 - bound], [np.nan, np.nan]])
    assert uncertain("float16", logits).tolist() == [True, False, False]
    assert uncertain("float16", np.array([-32.0, -32.0 - bound])).item()  # size, not sign
    assert not uncertain("float32", logits).any()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_every_top_token_that_changes_is_told_of(dtype: torch.dtype) -> None:
    half, whole = wrapped(dtype).trace(TEXT), wrapped(torch.float64).trace(TEXT)
    found, wide = (ct.logit_lens(trace, k=2).data for trace in (half, whole))
    changed = found["token_id"].values[..., 0] != wide["token_id"].values[..., 0]
    told = uncertain(half.card.dtype, found["logit"].values)
    assert not (changed & ~told).any()
    assert not told.all()  # not everything is warned of
    (note,) = notes(ct.logit_lens(half, k=1))  # asked of the second token too, which is not shown
    assert f"in {int(told.sum())} of {told.size} cells" in note
    assert f"({int(told[-1].sum())} of them after layer 3)" in note
    assert ct.logit_lens(half, k=1).data.sizes["k"] == 1


def test_float32_has_no_note() -> None:
    trace = wrapped(torch.float32).trace(TEXT)
    assert notes(ct.logit_lens(trace)) == notes(ct.predictions(trace)) == []


def test_one_position_is_told_of_by_itself() -> None:
    trace = wrapped(torch.bfloat16).trace(TEXT)
    told = uncertain("bfloat16", ct.logit_lens(trace, k=2).data["logit"].values)
    for at in range(trace.n_positions):
        view = ct.predictions(trace, at=at, layer=3, k=1)
        assert bool(notes(view)) == bool(told[-1, at])
        if notes(view):
            assert notes(view)[0].startswith("bfloat16: the two top logits lie closer than")


def test_a_race_and_a_walk_are_told_of_too() -> None:
    trace = wrapped(torch.bfloat16).trace(TEXT)
    every = ct.logit_lens(trace, k=200).data  # all of the vocabulary
    for at in (2, trace.n_positions - 1):
        cells = every.isel(position=at)
        two = cells["token_id"].values[-1, :2].tolist()
        rows = zip(cells["token_id"].values, cells["logit"].values, strict=True)
        pairs = np.array([[row[ids == token][0] for token in two] for ids, row in rows])
        close = np.abs(pairs[:, 0] - pairs[:, 1]) <= UNITS * 2.0**-7 * np.abs(pairs.max(axis=1))
        told = notes(ct.watch(trace, two, at=at))
        assert bool(told) == close.any()
        assert not told or f"in {close.sum()} of 5 cells" in told[0]
        walked = notes(ct.walk(trace, at=at))
        assert bool(walked) == close[-1]
        assert not walked or walked[0].endswith("Load the model with dtype='float32' to be sure.")


def test_the_note_is_on_the_page_and_in_the_terminal() -> None:
    view = ct.logit_lens(wrapped(torch.bfloat16).trace(TEXT))
    (note,) = notes(view)
    assert note in view.spec.header["notes"]
    assert f"Note: {note}" in " ".join(str(view).split())

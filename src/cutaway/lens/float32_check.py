"""Half precision checked cell by cell: the text read once more, by the same weights in float32.

What is checked is the rounding on the way, not that of the weights: float32 holds these exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..core.axes import INPUT_LAYER, layer_name
from ..trace.source import Ints, Question, Rows
from ..trace.trace import Trace
from .dataset import vocabulary

__all__ = ["race_in_float32", "tops_in_float32"]

Bools = NDArray[np.bool_]


def tops_in_float32(
    dataset: xr.Dataset, trace: Trace, question: Question
) -> tuple[xr.Dataset, Trace]:
    """A lens with what float32 has on top of each cell, and its trace with a note that counts.

    dataset   of logit_lens or predictions: token_id (layer, ..., k), inside_token_id
    question  that it answers
    returns   also changed, float32_token_id, float32_token (layer, ...), and with inside the same
              prefixed inside_: changed where float32 puts another token on top
    raises    as Source.in_float32
    """
    wide = trace.source.in_float32(trace)
    added: dict[str, tuple[tuple[str, ...], NDArray[Any], dict[str, str]]] = {}
    for prefix in ("", "inside_"):
        if f"{prefix}token_id" not in dataset:
            continue
        found = dataset[f"{prefix}token_id"].isel(k=0)
        axes = tuple(map(str, found.dims))
        ids = _tops(wide, question, inside=bool(prefix)).reshape(found.shape)
        added[f"{prefix}changed"] = (axes, ids != found.values, {"units": "1"})
        added[f"{prefix}float32_token_id"] = (axes, ids, {"units": "1"})
        added[f"{prefix}float32_token"] = (axes, vocabulary(wide, ids), {"units": "text"})
    changed = [values for name, (_, values, _) in added.items() if name.endswith("changed")]
    return dataset.assign(added), _noted(trace, changed, question.layers, "puts {} token on top")


def race_in_float32(dataset: xr.Dataset, trace: Trace, rows: Rows) -> tuple[xr.Dataset, Trace]:
    """A race with the ranks that float32 gives, and its trace with a note that counts layers.

    dataset  of watch: rank (layer, token);  rows  what float32 answers to its question
    returns  also float32_rank (layer, token); changed (layer), where in float32 another of the
             tokens is ahead, or it is the top token of all in one of them alone
    """
    half, wide = dataset["rank"].values, rows.rank[:, 0]
    changed = half.argmin(axis=1) != wide.argmin(axis=1)
    changed |= (half.min(axis=1) == 1) != (wide.min(axis=1) == 1)
    added = {
        "float32_rank": (("layer", "token"), wide, dataset["rank"].attrs),
        "changed": (("layer",), changed, {"units": "1"}),
    }
    layers = dataset["layer"].values.tolist()
    return dataset.assign(added), _noted(trace, [changed], layers, "puts {} one of them ahead")


def _tops(wide: Trace, question: Question, *, inside: bool) -> Ints:
    """(R, P) the top token of each cell; -1 for the input state, which no block is around."""
    blocks = tuple(layer for layer in question.layers if not inside or layer != INPUT_LAYER)
    asked = Question(layers=blocks, positions=question.positions, inside=inside, k=1)
    ids = wide.source.project(wide, asked).token_id[..., 0]
    undefined = len(question.layers) - len(blocks)
    return np.concatenate([np.full((undefined, ids.shape[1]), -1, dtype=np.int64), ids])


def _noted(trace: Trace, changed: Sequence[Bools], layers: Sequence[int], does: str) -> Trace:
    note = f"{trace.card.dtype}, checked: float32 {_told(changed, layers, does)}."
    return replace(trace, notes=(*trace.notes, note))


def _told(changed: Sequence[Bools], layers: Sequence[int], does: str) -> str:
    total, count = sum(part.size for part in changed), sum(int(part.sum()) for part in changed)
    if total == 1:
        return does.format("another" if count else "the same")
    single = changed[0].ndim == 1  # of one position
    unit = "layers" if single else "cells"
    if not count:
        return f"{does.format('the same')} in all {total:,} {unit}"
    last = sum(int(part[-1].sum()) for part in changed)
    after = f"{last:,} of them after layer {layer_name(layers[-1])}"
    rows = [layer for layer, row in zip(layers, changed[0], strict=True) if row.any()]
    if single:
        after = f"after layers {', '.join(map(layer_name, rows))}"
    return f"{does.format('another')} in {count:,} of {total:,} {unit} ({after})"

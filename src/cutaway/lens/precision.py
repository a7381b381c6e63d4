"""Where half precision may have chosen another top token: the two top logits lie too close.

A model in half precision rounds every number to 8 or 11 bits, in every block, so that its logits
are off by some units of their last place. Where the top two lie closer than that, float32 may put
the other one first. How much is too close was measured, and is held by benchmarks/numerics.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..core.axes import layer_name
from ..trace.card import ModelCard
from ..trace.source import Floats, Rows
from ..trace.trace import Trace

__all__ = [
    "RELOAD", "ROUNDING", "UNITS", "best", "is_half", "noting_uncertain", "two_largest",
    "uncertain", "uncertainty_notes", "with_runner_up",
]  # fmt: skip

#: The relative distance of neighbouring numbers, by the precision of a model.
ROUNDING = {"bfloat16": 2.0**-7, "float16": 2.0**-10}
#: Units in the last place of the top logit within which the top token is uncertain. Measured on
#: SmolLM2 against float64, every layer of eight texts, 10,943 cells: of 291 top tokens that
#: bfloat16 changed 288 are within it (of each text 97 % or more), and 18 % of all cells; of 14 that
#: float16 changed in 4,836 cells all are, and 2.4 %. In most the two are equal in half precision.
UNITS = 2.0
#: One of so many cells within it changed.
_CHANGED = {"bfloat16": 7, "float16": 8}
#: What float32 may do, and how a reader becomes sure of it.
_CHANGE = "put another token on top"
_CHECK = "Ask with checked=True to know which do"
RELOAD = "Load the model with dtype='float32' to be sure"


def is_half(card: ModelCard) -> bool:
    """Whether a model's numbers are rounded so far that its top tokens may change."""
    return card.dtype in ROUNDING


def uncertain(dtype: str, logits: Floats) -> NDArray[np.bool_]:
    """(...) whether the top token of each cell may be another one in float32.

    logits  (..., k) the top logits, best first, k at least 2

    >>> uncertain("bfloat16", np.array([[16.0, 15.9], [16.0, 8.0]]))
    array([ True, False])
    >>> uncertain("float32", np.array([16.0, 15.9]))
    array(False)
    """
    top, next_ = logits[..., 0].astype(np.float64), logits[..., 1].astype(np.float64)
    far: NDArray[np.bool_] = top - next_ > UNITS * ROUNDING.get(dtype, 0.0) * np.abs(top)
    known = ~np.isnan(top) & (dtype in ROUNDING)
    return np.asarray(known & ~far)


def with_runner_up(card: ModelCard, k: int) -> int:
    """How many top tokens to ask for, so that the first can be held against the second."""
    return max(k, 2) if is_half(card) and card.vocab_size > 1 else k


def best(rows: Rows, k: int) -> Rows:
    """The rows with the k best tokens of each cell alone: (R, P, k)."""
    return replace(
        rows,
        token_id=rows.token_id[..., :k],
        probability=rows.probability[..., :k],
        logit=rows.logit[..., :k],
    )


def two_largest(logits: Floats) -> Floats:
    """(..., 2) the two largest of each cell, best first; fewer where there are no two.

    >>> two_largest(np.array([[1.0, 3.0, 2.0]]))
    array([[3., 2.]])
    """
    found: Floats = -np.sort(-logits, axis=-1)[..., :2]
    return found


def noting_uncertain(
    trace: Trace,
    logits: Floats,
    layers: Sequence[int],
    *,
    change: str = _CHANGE,
    advice: str = _CHECK,
) -> Trace:
    """The trace with a note of how many top tokens are uncertain; itself where none is.

    logits  (layer, ..., k) the top logits of each cell, best first, of these layers
    change  what float32 may do
    advice  how a reader becomes sure of it
    """
    notes = uncertainty_notes(trace.card, logits, layers, change=change, advice=advice)
    return replace(trace, notes=(*trace.notes, *notes)) if notes else trace


def uncertainty_notes(
    card: ModelCard,
    logits: Floats,
    layers: Sequence[int] = (),
    *,
    change: str = _CHANGE,
    advice: str = RELOAD,
) -> tuple[str, ...]:
    """The note itself, one or none; a single cell has no layers to name."""
    if not is_half(card) or logits.shape[-1] < 2:
        return ()
    cells = uncertain(card.dtype, logits)
    if not cells.any():
        return ()
    why, often = _counted(cells, layers), f"one of {_CHANGED[card.dtype]} such cells"
    return (
        f"{card.dtype}: {why}, so that float32 may {change} (on SmolLM2 it did in {often}). "
        f"{advice}.",
    )


def _counted(cells: NDArray[np.bool_], layers: Sequence[int]) -> str:
    """Where the top token is uncertain, in words."""
    count, last = int(cells.sum()), int(cells[-1].sum())
    where = "" if cells.size == 1 else f"in {count:,} of {cells.size:,} cells "
    after = f" ({last:,} of them after layer {layer_name(layers[-1])})" if cells.size > 1 else ""
    return f"{where}the two top logits lie closer than its rounding can tell{after}"

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

__all__ = ["ROUNDING", "depth", "doubting", "doubts", "first", "is_half", "uncertain"]

#: The relative distance of neighbouring numbers, by the precision of a model.
ROUNDING = {"bfloat16": 2.0**-7, "float16": 2.0**-10}
#: Units in the last place of the top logit within which the top token is uncertain. Measured on
#: SmolLM2, 1,980 cells of four texts against float64: of 84 top tokens that bfloat16 changed 81 are
#: within it, and 58 % of all cells; of 9 that float16 changed all are, and 12 % of all cells.
UNITS = 10.0


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


def depth(card: ModelCard, k: int) -> int:
    """How many top tokens to ask for, so that the first can be doubted."""
    return max(k, 2) if is_half(card) and card.vocab_size > 1 else k


def first(rows: Rows, k: int) -> Rows:
    """The rows with the k best tokens of each cell."""
    return replace(
        rows,
        token_id=rows.token_id[..., :k],
        probability=rows.probability[..., :k],
        logit=rows.logit[..., :k],
    )


def doubting(trace: Trace, logits: Floats, layers: Sequence[int]) -> Trace:
    """The trace with a note of how many top tokens are uncertain; itself where none is.

    logits  (layer, ..., k) the top logits of each cell, best first, of these layers
    """
    notes = doubts(trace.card, logits, layers)
    return replace(trace, notes=(*trace.notes, *notes)) if notes else trace


def doubts(card: ModelCard, logits: Floats, layers: Sequence[int] = ()) -> tuple[str, ...]:
    """The note itself, one or none; a single cell has no layers to name."""
    if not is_half(card) or logits.shape[-1] < 2:
        return ()
    doubted = uncertain(card.dtype, logits)
    return (f"{card.dtype}: {_told(doubted, layers)}. {_FIX}",) if doubted.any() else ()


_FIX = "Load the model with dtype='float32' to be sure."


def _told(doubted: NDArray[np.bool_], layers: Sequence[int]) -> str:
    count, last = int(doubted.sum()), int(doubted[-1].sum())
    where = "" if doubted.size == 1 else f"in {count:,} of {doubted.size:,} cells "
    after = f" ({last:,} of them after layer {layer_name(layers[-1])})" if doubted.size > 1 else ""
    return (
        f"{where}the two top logits lie closer than its rounding can tell{after}, so that float32 "
        "may put another token on top"
    )

"""A lens of some positions over the whole text: what was not computed yet is undefined."""

from __future__ import annotations

from typing import Any

import xarray as xr

from ..trace.trace import Trace
from .dataset import token_coords

__all__ = ["positions_in_view", "spread_over_text"]


def positions_in_view(n_positions: int, columns: int, at: int | None = None) -> tuple[int, ...]:
    """The positions that a reader sees first: `columns` of them with `at`, and the last one.

    >>> positions_in_view(9, 3), positions_in_view(9, 3, at=1)
    ((6, 7, 8), (0, 1, 2, 8))

    at  the chosen one, at the right end of what is seen unless it is near the beginning; the last
        one where it is None or not in the text
    """
    last = n_positions - 1
    chosen = at if at is not None and 0 <= at <= last else last
    right = max(chosen, min(columns, n_positions) - 1)
    return tuple(sorted({*range(max(0, right - columns + 1), right + 1), last}))


def spread_over_text(dataset: xr.Dataset, trace: Trace) -> xr.Dataset:
    """A logit lens of some positions with all positions of its text.

    >>> lens = logit_lens(trace, positions=[4])  # doctest: +SKIP
    >>> spread_over_text(lens, trace)["rank"].values[-1]  # doctest: +SKIP
    array([0, 0, 0, 0, 1])

    The cells of the others are undefined: token_id -1, rank 0, NaN. Its options still name the
    positions that were computed.
    """
    everywhere = range(trace.n_positions)
    blank: dict[Any, Any] = {name: _blank(array) for name, array in dataset.variables.items()}
    spread = dataset.reindex(position=list(everywhere), fill_value=blank)
    return spread.assign_coords(token_coords(trace, everywhere))


def _blank(array: xr.Variable) -> object:
    """What an undefined entry of a variable holds."""
    if array.dtype.kind == "f":
        return float("nan")
    if array.dtype.kind == "i":
        return 0 if array.attrs.get("units") == "1 is the top token" else -1
    return False if array.dtype.kind == "b" else ""

"""An alignment as a table of strings: of each target token the source tokens with the most."""

from __future__ import annotations

import numpy as np

from ..core.numbers import percent, quantity
from ..view.spec import Spec
from .tabular import Table

__all__ = ["alignment_table"]

_SOURCES = 4
_MOST_ROWS = 200


def alignment_table(spec: Spec) -> Table:
    """A row per target of the layer that the page opens with, its sources largest first."""
    header = spec.header
    weight = np.nan_to_num(spec.arrays["weight"][header["opens_with"]])
    layers = header["layers"]
    where = f"layer {layers[header['opens_with']]}: " if layers else ""
    told = percent if header["unit"] == "1" else quantity
    rows = []
    for target, label, row in zip(header["targets"], header["explained"], weight, strict=True):
        order = np.argsort(-row, kind="stable")[:_SOURCES]
        cells = [
            f"{header['inputs'][i]} {told(float(row[i]))}" if row[i] > 0 else "" for i in order
        ]
        rows.append((str(target), label, *cells, *[""] * (_SOURCES - len(cells))))
    left_out = len(rows) - _MOST_ROWS
    return Table(
        caption=f"{where}the source tokens with the largest part in every target token"
        + (f"; the last {_MOST_ROWS} of {len(rows)}" if left_out > 0 else ""),
        columns=("target", "token", *(str(n + 1) for n in range(_SOURCES))),
        rows=tuple(rows[-_MOST_ROWS:]),
    )

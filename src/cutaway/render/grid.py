"""The heat grid of a logit_lens Spec as rows of cells: what text, table and figure all draw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.axes import layer_name
from ..core.numbers import percent, quantity, rank
from ..view.spec import Spec
from .scale import Scale

__all__ = ["Grid", "Row", "grid"]

_WIDE = {"probability": "top_probability", "logit": "top_logit"}


@dataclass(frozen=True)
class Row:
    """One layer of the grid, or the state inside it; P positions.

    name     "29", "29 inside" or "in"
    labels   (P,) top tokens, "–" where undefined; after "≠ " where float32 puts another on top
    numbers  (P,) the quantity, printed
    values   (P,) the quantity
    shares   (P,) of the colour scale, 0 to 1; NaN where undefined
    """

    name: str
    labels: tuple[str, ...]
    numbers: tuple[str, ...]
    values: NDArray[Any]
    shares: NDArray[np.float64]


@dataclass(frozen=True)
class Grid:
    """Rows from the final layer down to the input, and what stands at their ends.

    quantity   what the numbers and colours are: an entry of the header's `quantities`
    positions  (P,) numbers of the positions
    reads      (P,) tokens read
    comes      (P,) tokens that came, "" at the end
    produced   (P,) whether the model produced the token read
    checked    whether top tokens were checked in float32
    """

    quantity: dict[str, Any]
    positions: tuple[int, ...]
    reads: tuple[str, ...]
    comes: tuple[str, ...]
    produced: tuple[bool, ...]
    rows: tuple[Row, ...]
    checked: bool = False

    @property
    def mark(self) -> str:
        """What the mark before some tokens means; "" where none was checked."""
        return "≠: float32 puts another token on top" if self.checked else ""

    def columns(self, start: int, stop: int) -> Grid:
        """The same grid with the columns start..stop-1."""
        part = slice(start, stop)
        rows = tuple(
            Row(row.name, row.labels[part], row.numbers[part], row.values[part], row.shares[part])
            for row in self.rows
        )
        return Grid(
            self.quantity, self.positions[part], self.reads[part], self.comes[part],
            self.produced[part], rows, self.checked,
        )  # fmt: skip


def grid(spec: Spec) -> Grid:
    """The grid of a logit_lens Spec, coloured by the quantity it opens with."""
    header = spec.header
    shown = next(q for q in header["quantities"] if q["name"] == header["opens_with"])
    rows = []
    for r in reversed(range(len(header["layers"]))):
        name = layer_name(header["layers"][r])
        rows.append(_row(spec, shown, name, r, ""))
        if header["inside"] and header["layers"][r] >= 0:
            rows.append(_row(spec, shown, f"{name} inside", r, "inside_"))
    return Grid(
        quantity=shown,
        positions=tuple(header["positions"]),
        reads=tuple(header["inputs"]),
        comes=tuple(header["nexts"]),
        produced=tuple(header["produced"]),
        rows=tuple(rows),
        checked=bool(header.get("checked")),
    )


def _row(spec: Spec, shown: dict[str, Any], name: str, r: int, prefix: str) -> Row:
    words = spec.header["vocabulary"]
    changed = spec.arrays.get(f"{prefix}changed")
    marked = np.zeros(len(spec.header["positions"])) if changed is None else changed[r]
    values = _values(spec, shown["name"], prefix)[r]
    return Row(
        name=name,
        labels=tuple(
            ("≠ " if other else "") + (words[i] if i >= 0 else "–")
            for i, other in zip(spec.arrays[f"{prefix}top_index"][r, :, 0], marked, strict=True)
        ),
        numbers=tuple(_printed(shown["name"], value, shown["unit"]) for value in values.tolist()),
        values=values,
        shares=Scale.of(shown).shares(values, undefined=0 if shown["name"] == "rank" else np.nan),
    )


def _values(spec: Spec, name: str, prefix: str) -> NDArray[Any]:
    """(R, P) of a quantity."""
    if name in _WIDE:
        return spec.arrays[prefix + _WIDE[name]][..., 0]
    return spec.arrays[prefix + name]


def _printed(name: str, value: float, unit: str) -> str:
    if name == "probability":
        return percent(value)
    return rank(int(value)) if name == "rank" else quantity(value, unit)

"""A walk as a table: a row per step, with its formula, its size and how exactly it adds up."""

from __future__ import annotations

from typing import Any

from ..core.numbers import percent, quantity
from ..view.spec import Spec
from .tabular import Table

__all__ = ["walk_table"]

_SHARES = ("probability", "temperature", "filtered", "router")
_FIRST = 4


def walk_table(spec: Spec) -> Table:
    """Step, what is done, from what, its first numbers and its gap."""
    header = spec.header
    return Table(
        caption=f"Block {header['layer']} at position {header['at']}; gap: how far a step lies "
        "from what its inputs give, relative to its largest entry",
        columns=("step", "formula", "shape", "begins with", "gap"),
        rows=tuple(_row(spec, step) for step in header["steps"]),
    )


def _row(spec: Spec, step: dict[str, Any]) -> tuple[str, ...]:
    values = spec.arrays[f"step:{step['name']}"]
    shown = values.ravel()[:_FIRST].tolist()
    printed = [percent(v) if step["name"] in _SHARES else quantity(v) for v in shown]
    names = step["labels"] or [f"expert {i}" for i in step["ids"]]
    if names:
        printed = [f"{name} {value}" for name, value in zip(names, printed, strict=False)]
    return (
        step["name"].replace("_", " "),
        step["formula"],
        " × ".join(map(str, values.shape)),
        ", ".join(printed),
        "–" if step["gap"] is None else quantity(step["gap"]),
    )

"""Texts on a line as a table of strings."""

from __future__ import annotations

from ..core.numbers import quantity
from ..view.spec import Spec
from .tabular import Table

__all__ = ["points_table"]


def points_table(spec: Spec) -> Table:
    """A row for each text, in the order of the picture; a row of dots where some are left out."""
    header = spec.header
    rows = [
        (quantity(value), text)
        for value, text in zip(spec.arrays["value"].tolist(), header["texts"], strict=True)
    ]
    if header["gap"] is not None:
        rows.insert(header["gap"], ("…", "…"))
    between = "" if header["ends"] is None else ": 0 at {}, 1 at {}".format(*header["ends"])
    return Table(
        caption=header["axis"].capitalize() + between,
        columns=(header["axis"], "text"),
        rows=tuple(rows),
    )

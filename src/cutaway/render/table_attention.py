"""The heads of a model as a table of strings: what each of them does, in figures."""

from __future__ import annotations

import numpy as np

from ..core.numbers import percent, quantity
from ..view.spec import Spec
from .tabular import Table

__all__ = ["attention_table"]

_MOST_ROWS = 40


def attention_table(spec: Spec) -> Table:
    """A row per head with its figures, those with the most of the opening figure first.

    Of an aggregate a row per layer.
    """
    header, values = spec.header, spec.arrays["figures"]
    figures, n_heads = header["figures"], len(header["heads"])
    lead = [entry["name"] for entry in figures].index(header["opens_with"])
    scores = np.nan_to_num(values[lead].ravel(), nan=-np.inf)
    order = np.argsort(-scores, kind="stable")
    shown = [divmod(int(place), n_heads) for place in order[:_MOST_ROWS]]
    single = header["aggregate"] is not None
    return Table(
        caption=_caption(spec, len(shown), order.size),
        columns=("layer", *(() if single else ("head",)), *(_column(entry) for entry in figures)),
        rows=tuple(
            (
                str(header["layers"][layer]), *(() if single else (str(header["heads"][head]),)),
                *(
                    _told(float(values[f, layer, head]), entry["unit"])
                    for f, entry in enumerate(figures)
                ),
            )
            for layer, head in shown
        ),
    )  # fmt: skip


def _caption(spec: Spec, shown: int, every: int) -> str:
    """How many rows, in which order, and what the shares are of."""
    header = spec.header
    single, weighting = header["aggregate"], header["weighting"]["name"]
    rows = "heads" if single is None else "layers"
    most = f"{shown} of {every:,} {rows}, most" if every > shown else "Most"
    said = f"{most} {header['opens_with']} first; shares are mean masses over the text"
    if single is not None:
        return f"{said}, of rows of the {single}"
    return said if weighting == "weight" else f"{said}, of plain weights"


def _column(entry: dict[str, str]) -> str:
    return entry["name"] if entry["unit"] == "1" else f"{entry['name']} ({entry['unit']})"


def _told(value: float, unit: str) -> str:
    return percent(value) if unit == "1" else quantity(value)

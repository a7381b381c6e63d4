"""A saliency and its deletion curve as tables of strings."""

from __future__ import annotations

import numpy as np

from ..core.numbers import percent, quantity
from ..view.spec import Spec
from .shares import target_shares
from .tabular import Table

__all__ = ["deletion_table", "saliency_table"]

_SOURCES = 5
_MOST_TARGETS = 200
#: Steps told of a long curve, the first and the last among them.
_STEPS = 7


def saliency_table(spec: Spec) -> Table:
    """A row per target: the token, and its sources with the largest shares."""
    every = target_shares(spec)
    rows = every[-_MOST_TARGETS:]
    converges = any(row.gap for row in rows)
    return Table(
        caption="The sources with the largest shares of every target"
        + (f"; the last {_MOST_TARGETS} of {len(every)}" if len(rows) < len(every) else ""),
        columns=(
            "target", "token", *(["convergence"] if converges else []),
            *(str(n + 1) for n in range(_SOURCES)),
        ),
        rows=tuple(
            (
                str(row.target), row.label, *([row.gap] if converges else []),
                *(f"{label} {share}" for label, share in row.sources[:_SOURCES]),
                *[""] * (_SOURCES - len(row.sources)),
            )
            for row in rows
        ),
    )  # fmt: skip


def deletion_table(spec: Spec) -> Table:
    """A row per order: the probability after some tokens are gone, and its mean fall."""
    header = spec.header
    steps = np.unique(np.linspace(0, len(header["counts"]) - 1, _STEPS).round().astype(int))
    return Table(
        caption=f"Probability of {header['explained']} when tokens are gone, and its mean fall",
        columns=("order", *(f"{header['counts'][k]} gone" for k in steps), "mean fall"),
        rows=tuple(
            (
                words,
                *(percent(float(spec.arrays["probability"][r, k])) for k in steps),
                quantity(header["fall"][r]),
            )
            for r, words in enumerate(header["run_words"])
        ),
    )

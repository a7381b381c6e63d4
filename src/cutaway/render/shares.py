"""What text, table and figure of a saliency all say: the sources of a target, largest first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..core.numbers import percent
from ..view.spec import Spec

__all__ = ["Told", "told"]


@dataclass(frozen=True)
class Told:
    """One target.

    target   its position
    label    the token that was said there
    sources  (label, share in words) of the earlier tokens, largest share first
    gap      the completeness gap in words, "" where the method has none
    """

    target: int
    label: str
    sources: tuple[tuple[str, str], ...]
    gap: str


def told(spec: Spec) -> list[Told]:
    """Every target of a saliency Spec."""
    header = spec.header
    rows = []
    for n, (target, label) in enumerate(zip(header["targets"], header["explained"], strict=True)):
        shares = spec.arrays["share"][n, :target]
        order = np.argsort(-np.nan_to_num(shares), kind="stable").tolist()
        sources = tuple((header["inputs"][i], percent(float(shares[i]))) for i in order)
        gap = float(spec.arrays["gap"][n])
        rows.append(
            Told(target, label, sources, "" if np.isnan(gap) else _gap(gap, header["threshold"]))
        )
    return rows


def _gap(gap: float, threshold: float) -> str:
    return ("not converged, gap " if gap > threshold else "gap ") + percent(gap)

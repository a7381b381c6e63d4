"""What text, table and figure of a saliency all say: the sources of a target, largest first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..core.numbers import percent
from ..view.spec import Spec

__all__ = ["TargetShares", "joined", "target_shares"]


@dataclass(frozen=True)
class TargetShares:
    """One target.

    target   its position
    label    the token that was said there
    sources  (label, share in words) of the tokens it could read, largest share first; of an
             encoder-decoder's source they say so
    gap      the completeness gap in words, and how far a score moved; "" where the method has none
    """

    target: int
    label: str
    sources: tuple[tuple[str, str], ...]
    gap: str


def target_shares(spec: Spec) -> list[TargetShares]:
    """Every target of a saliency Spec."""
    header = spec.header
    labels, whole = joined(spec)
    before = len(labels) - len(header["inputs"])
    rows = []
    for n, (target, label) in enumerate(zip(header["targets"], header["explained"], strict=True)):
        shares = whole[n, : before + target]
        order = np.argsort(-np.nan_to_num(shares), kind="stable").tolist()
        sources = tuple((_named(labels[i], i < before), percent(float(shares[i]))) for i in order)
        gap, moved = (float(spec.arrays[name][n]) for name in ("gap", "moved"))
        words = "" if np.isnan(gap) else _gap(gap, moved, header["threshold"])
        rows.append(TargetShares(target, label, sources, words))
    return rows


def _named(label: str, read: bool) -> str:
    """A token of the source says so: the target may have the same."""
    return f"source {label}" if read else label


def joined(spec: Spec) -> tuple[list[str], NDArray[np.float32]]:
    """Labels and (target, n) shares of all tokens there are: an encoder-decoder's source first."""
    read, shares = spec.header["source"], spec.arrays["share"]
    if read is None:
        return list(spec.header["inputs"]), shares
    whole = np.concatenate([spec.arrays["source_share"], shares], axis=1)
    return [*read["inputs"], *spec.header["inputs"]], whole


def _gap(gap: float, moved: float, threshold: float) -> str:
    bad = gap > threshold or moved > threshold
    words = f"gap {percent(gap)}" + ("" if np.isnan(moved) else f", moved {percent(moved)}")
    return f"not converged, {words}" if bad else words

"""Occlusion: what a token is worth is what is lost when it is not there."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.errors import InvalidError
from ..core.progress import steps
from ..trace.source import Attributed, Attribution, Floats
from .attribution_model import AttributionModel
from .attribution_targets import AttributionTargets
from .token_removal import taken_out

__all__ = ["by_occlusion"]

#: Tokens read at once.
_TOKENS = 1024


def by_occlusion(subject: AttributionModel, wanted: Attribution) -> Attributed:
    """The quantity with every token there, less the quantity with one of them taken out.

    A text with token i taken out serves every target after i: T passes, whatever the targets.
    options: how "replace" or "delete", replacement the token id put there.
    Source: Zeiler and Fergus 2014; Li et al. 2016 (erasure).
    """
    how, replacement = wanted.options["how"], wanted.options["replacement"]
    T, n = len(subject.token_ids), subject.reach(max(wanted.targets))
    S = subject.n_source
    if how == "delete" and min(wanted.targets) == 1:
        raise InvalidError(
            "target", 1, allowed=f"2 to {T}",
            fix="nothing is left to read without token 0: pass how='replace'",
        )  # fmt: skip
    value = _read(subject, wanted, [taken_out(subject, n, (), "replace", 0)], 0)[0]
    lost = np.full((len(wanted.targets), S + T), np.nan, np.float32)
    size = max(1, _TOKENS // (S + n))
    for sources in steps([*_parts(0, S, size), *_parts(S, S + n, size)], "taking tokens out"):
        texts = [taken_out(subject, n, [i], how, replacement) for i in sources]
        shift = 1 if how == "delete" and sources.start >= S else 0
        left = _read(subject, wanted, texts, shift)
        for i, row in zip(sources, left, strict=True):
            after = np.asarray([subject.span(target) for target in wanted.targets]) > i
            lost[after, i] = (value - row)[after]
    nan = np.full(len(wanted.targets), np.nan, np.float32)
    return Attributed(lost, lost, value.astype(np.float32), nan)


def _parts(low: int, high: int, size: int) -> list[range]:
    """The numbers from low on in parts of at most so many."""
    return [range(start, min(start + size, high)) for start in range(low, high, size)]


def _read(subject: AttributionModel, wanted: Attribution, texts: list[Any], shift: int) -> Floats:
    """(variants, n) the quantity of every target in every text, `shift` positions earlier."""
    states = subject.states_of(texts)
    rows = subject.read_at(wanted.targets).to(states.device) - shift
    aim = AttributionTargets.of(wanted).repeated(len(texts))
    values = aim.values(subject.anatomy.tail, states[:, rows].flatten(0, 1))
    return values.cpu().double().view(len(texts), -1).numpy()

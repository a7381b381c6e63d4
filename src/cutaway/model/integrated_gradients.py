"""Integrated gradients: the gradient averaged along a line from a baseline to the text.

The parts sum to f(text) - f(baseline); how far they miss it is the completeness gap, reported
with every result, because on real language models the line is rough and the gap is often large.
Errors of single scores may cancel in it: how far they move when every second slope is left out is
reported too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from ..core.errors import InvalidError
from ..core.progress import Step, working
from ..trace.source import Attributed, Attribution, Floats
from .attribution_model import AttributionModel
from .gradient import Chunk, chunks
from .jacobian import gradients
from .quadrature import Integral, Line, adaptive, even

__all__ = ["by_integrated_gradients"]

#: An adaptive integral is good enough when the errors of its sum and of each score are so small.
_TOLERANCE = 0.05
#: Tokens differentiated at once: points of the line go together where the text is short.
_TOKENS = 256


def by_integrated_gradients(subject: AttributionModel, wanted: Attribution) -> Attributed:
    """Signed parts of f(text) - f(baseline), with their relative completeness gap.

    options: baseline "zero", "mean" or a token id; keep_first, whether the first token stays as
    it is all along the line; steps; spacing "adaptive" or "even".
    Raises InvalidError where keep_first leaves the first target without a source, and where the
    model has no number or no slope on the line.
    Source: Sundararajan et al. 2017.
    """
    if wanted.options["keep_first"] and subject.span(min(wanted.targets)) == 1:
        raise InvalidError(
            "target", min(wanted.targets), allowed="2 and more with keep_first",
            fix="its only source is the first token: pass keep_first=False",
        )  # fmt: skip
    score = np.full((len(wanted.targets), subject.n_sources), np.nan, np.float32)
    value, gap, moved = np.empty((3, len(wanted.targets)), np.float32)
    row = 0
    for chunk, found, line in _integrals(subject, wanted):
        _refuse_holes(found, line, wanted.options["baseline"])
        for i, target in enumerate(chunk.targets):
            n = subject.span(target)
            score[row + i, :n] = found.parts[i, :n]
        part = slice(row, row + len(chunk.targets))
        gap[part] = _gap(found.parts.sum(axis=1), line.rise(0.0, 1.0))
        moved[part] = found.moved
        value[part] = line.at(1.0)
        row += len(chunk.targets)
    return Attributed(score, score, value, gap, moved)


def _integrals(
    subject: AttributionModel, wanted: Attribution
) -> Iterator[tuple[Chunk, Integral, Line]]:
    """Each group of targets with its (n, S) integrals and the line they are taken on."""
    groups, count = chunks(subject, wanted), wanted.options["steps"]
    with working("integrating", len(groups) * count) as step:
        for chunk in groups:
            line = _line(subject, chunk, wanted, step)
            if wanted.options["spacing"] == "even":
                yield chunk, even(line, count), line
            else:
                yield chunk, adaptive(line, count, _TOLERANCE), line


def _refuse_holes(found: Integral, line: Line, baseline: str | int) -> None:
    """InvalidError where the model divides by nothing at the baseline, or overflows on the way."""
    if not (np.isfinite(found.parts).all() and np.isfinite(line.rise(0.0, 1.0)).all()):
        raise InvalidError(
            "baseline", baseline, allowed="one between which and the text the model has numbers",
            fix="take another: baseline='mean', or a token",
        )  # fmt: skip


def _gap(whole: Floats, rise: Floats) -> Floats:
    """How far the parts miss the rise, relative to it; a text that is its baseline has none."""
    missed = np.abs(whole - rise)
    relative: Floats = np.divide(
        missed, np.abs(rise), out=np.where(missed > 0, np.inf, 0.0), where=rise != 0
    )
    return relative


def _line(subject: AttributionModel, chunk: Chunk, wanted: Attribution, step: Step) -> Line:
    """One chunk's quantities between the baseline (0) and the text (1); a step per slope."""
    text = subject.leaf(subject.ids(chunk.n))
    start = _baseline(subject, text, chunk.n, wanted.options["baseline"])
    if wanted.options["keep_first"]:
        first = subject.n_source
        start = torch.cat([start[:, :first], text[:, first : first + 1], start[:, first + 1 :]], 1)
    span = text - start

    def some(alphas: Sequence[float]) -> Floats:
        at = torch.tensor(alphas, dtype=span.dtype, device=span.device).view(-1, 1, 1)
        leaf, states = subject.graph(chunk.n, start + at * span)
        # texts of a batch do not meet, so that the sum over them has the gradient of each
        rows, _ = gradients(chunk.values(subject, states).sum(dim=0), leaf)
        for _ in alphas:
            step()
        return _numbers((rows.double() * span.double()).sum(-1).transpose(0, 1))

    def slopes(alphas: Sequence[float]) -> Floats:
        size = max(1, _TOKENS // chunk.n)
        parts = [some(alphas[low : low + size]) for low in range(0, len(alphas), size)]
        return np.concatenate(parts)

    def value(alpha: float) -> Floats:
        with torch.no_grad():
            _, states = subject.graph(chunk.n, start + alpha * span)
            return _numbers(chunk.values(subject, states)[0])

    return Line(slopes, value)


def _baseline(subject: AttributionModel, text: Tensor, n: int, baseline: str | int) -> Tensor:
    """(1, S, d) the leaf at the line's start.

    "zero" is the zero vector, "mean" the mean of the vocabulary's embeddings, and a token id the
    leaf of a text that says only this token.
    """
    if baseline == "zero":
        return torch.zeros_like(text)
    if baseline == "mean":
        if subject.at_layer is None:
            return subject.mean(n)
        raise InvalidError(
            "baseline", "mean", allowed="'zero' or a token where at_layer is given",
            fix="the mean embedding is not a state of an inner layer",
        )  # fmt: skip
    return subject.all_of(int(baseline), n)


def _numbers(values: Tensor) -> Floats:
    return values.detach().double().cpu().numpy()

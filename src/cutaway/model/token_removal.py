"""What the model says of a token when other tokens are taken out of the text before it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from torch import nn

from ..core.errors import InvalidError
from ..core.progress import steps
from ..trace.source import Ablation, Floats
from ..trace.trace import Trace
from .attribution_classifier import attribution_model_of
from .attribution_model import AttributionModel, frozen
from .attribution_seq2seq import AttributionSeq2Seq, Encoding
from .attribution_targets import AttributionTargets
from .structure import Anatomy

__all__ = ["masked", "taken_out", "values_of", "without"]

#: Tokens read at once: the states of a batch stay small, the products stay large.
_TOKENS = 1024


def masked(
    model: nn.Module,
    anatomy: Anatomy,
    trace: Trace,
    wanted: Ablation,
    encoding: Encoding | None = None,
) -> Floats:
    """(variants,) log-probability of a token, or a class, with some tokens taken out, in nats.

    encoding  of an encoder-decoder: the source, whose tokens can be taken out too

    Raises InvalidError where a variant removes a token that the target does not read, or all.
    """
    subject = attribution_model_of(model, anatomy, trace, rows={wanted.target: wanted.row})
    if encoding is not None:
        subject = AttributionSeq2Seq(model, anatomy, trace.token_ids, encoding=encoding)
    n = subject.span(wanted.target)
    for removed in wanted.removed:
        if any(not 0 <= position < n for position in removed):
            raise InvalidError("removed", removed, allowed=f"positions 0 to {n - 1}")
    read = subject.reach(wanted.target)
    texts = [
        taken_out(subject, read, gone, wanted.how, wanted.replacement) for gone in wanted.removed
    ]
    aim = AttributionTargets((wanted.token_id,), None, "log_probability")
    with frozen(model):
        return values_of(subject, texts, aim, wanted.target)


def without(
    ids: Sequence[int],
    removed: Sequence[int],
    how: Literal["replace", "delete"],
    replacement: int | None,
) -> tuple[int, ...]:
    """The ids with some positions replaced or deleted.

    >>> without((5, 6, 7), [1], "replace", 0), without((5, 6, 7), [0, 1], "delete", None)
    ((5, 0, 7), (7,))
    """
    gone = set(removed)
    if how == "delete":
        kept = tuple(token for i, token in enumerate(ids) if i not in gone)
        if not kept:
            raise InvalidError(
                "removed", tuple(removed), allowed="some of the tokens before the target",
                fix="nothing is left to read when all are deleted: replace them instead",
            )  # fmt: skip
        return kept
    if replacement is None:
        raise InvalidError("replacement", None, allowed="the id of a token")
    return tuple(replacement if i in gone else token for i, token in enumerate(ids))


def taken_out(
    subject: AttributionModel,
    n: int,
    removed: Sequence[int],
    how: Literal["replace", "delete"],
    replacement: int | None,
) -> Any:
    """The first n tokens of a subject's text with some of its sources replaced or deleted.

    Of an encoder-decoder a pair: the source, whose tokens are the first sources, and the text.
    """
    S = subject.n_source
    text = without(subject.token_ids[:n], [i - S for i in removed if i >= S], how, replacement)
    if not isinstance(subject, AttributionSeq2Seq):
        return text
    own = [i for i in removed if i < S]
    return without(subject.source_ids, own, how, replacement), text


def values_of(
    subject: AttributionModel, texts: Sequence[Any], aim: AttributionTargets, target: int
) -> Floats:
    """(n,) the aim's one quantity of a target in every text, from which others may be taken out.

    It is read at the last position, for a text ends before its target; in a masked model at the
    target itself, which keeps its place, and in a classifier's answer at the target's row. Texts
    of one length go together, so that none is padded; equal texts are read once.
    """
    by_shape: dict[tuple[int, ...], list[Any]] = defaultdict(list)
    for text in dict.fromkeys(texts):
        by_shape[tuple(map(len, text)) if subject.n_source else (len(text),)].append(text)
    found: dict[Any, float] = {}
    together = [
        group[low : low + size]
        for shape, group in by_shape.items()
        for size in [max(1, _TOKENS // sum(shape))]
        for low in range(0, len(group), size)
    ]
    for some in steps(together, "taking tokens out"):
        states = subject.states_of(some)[:, subject.place(target)]
        values = aim.repeated(len(some)).values(subject.anatomy.tail, states)
        found.update(zip(some, values.float().tolist(), strict=True))
    return np.asarray([found[text] for text in texts], dtype=np.float32)

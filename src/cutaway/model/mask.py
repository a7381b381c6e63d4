"""What the model says of a token when other tokens are taken out of the text before it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Literal

import numpy as np
from torch import nn

from ..core.errors import InvalidError
from ..core.progress import steps
from ..trace.source import Floats, Masked
from ..trace.trace import Trace
from .aim import Aim
from .leaf import Subject, frozen
from .structure import Anatomy

__all__ = ["masked", "values_of", "without"]

#: Tokens read at once: the states of a batch stay small, the products stay large.
_TOKENS = 1024


def masked(model: nn.Module, anatomy: Anatomy, trace: Trace, wanted: Masked) -> Floats:
    """(variants,) log-probability of a token with some tokens taken out, in nats.

    Raises InvalidError where a variant removes a token that the target does not read, or all.
    """
    subject = Subject(model, anatomy, trace.token_ids, masked=trace.card.is_masked)
    n = subject.reach(wanted.target)
    for removed in wanted.removed:
        if any(not 0 <= position < n for position in removed):
            raise InvalidError("removed", removed, allowed=f"positions 0 to {n - 1}")
    prefix = trace.token_ids[:n]
    texts = [without(prefix, gone, wanted.how, wanted.replacement) for gone in wanted.removed]
    aim = Aim((wanted.token_id,), None, "log_probability")
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


def values_of(subject: Subject, texts: Sequence[tuple[int, ...]], aim: Aim, target: int) -> Floats:
    """(n,) the aim's one quantity of a target in every text, from which others may be taken out.

    It is read at the last position, for a text ends before its target; in a masked model at the
    target itself, which keeps its place. Texts of one length go together, so that none is padded;
    equal texts are read once.
    """
    by_length: dict[int, list[tuple[int, ...]]] = defaultdict(list)
    for text in dict.fromkeys(texts):
        by_length[len(text)].append(text)
    found: dict[tuple[int, ...], float] = {}
    together = [
        group[low : low + size]
        for length, group in by_length.items()
        for size in [max(1, _TOKENS // length)]
        for low in range(0, len(group), size)
    ]
    for some in steps(together, "taking tokens out"):
        states = subject.states(subject.rows(some))[:, target if subject.masked else -1]
        values = aim.repeated(len(some)).values(subject.anatomy.tail, states)
        found.update(zip(some, values.float().tolist(), strict=True))
    return np.asarray([found[text] for text in texts], dtype=np.float32)

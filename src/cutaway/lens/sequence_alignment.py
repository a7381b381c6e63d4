"""Which token of one trace stands beside which token of another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InvalidError
from ..core.tokens import TokenRow
from ..trace.source import Ints
from ..trace.trace import Trace

__all__ = ["Alignment", "align", "one_vocabulary"]

_Pair = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Alignment:
    """Two rows of tokens as one row of N slots, in reading order of both.

    a, b  (N,) the position in each trace, -1 where it has no token there
    same  (N,) whether both have the same token there
    how   how they were aligned, in words
    """

    a: Ints
    b: Ints
    same: NDArray[np.bool_]
    how: str

    def __len__(self) -> int:
        return len(self.a)


def align(a: Trace, b: Trace, *, spans: bool = False, of: str = "traces") -> Alignment:
    """The tokens of two traces side by side.

    Under one vocabulary: equal tokens in order (difflib's matching blocks), and of a stretch that
    was replaced by one of equal length the tokens one by one. Under two vocabularies, on one text:
    tokens that end at the same character, for there both have read the same.

    spans   under two vocabularies: only tokens that begin at the same character as well
    of      what the two are called where they are refused
    raises  InvalidError for two texts under two vocabularies, and where no token has a partner

    >>> align(lm.trace("A doctor"), lm.trace("A nurse")).a  # doctest: +SKIP
    array([0, 1])
    """
    bare = _bare(a.tokens), _bare(b.tokens)
    if a.token_ids != b.token_ids and bare[0].text == bare[1].text:
        pairs, how = _by_characters(*bare, spans)
    elif one_vocabulary(a, b):
        pairs, how = _by_tokens(a.tokens.labels, b.tokens.labels)
    else:
        raise InvalidError(
            f"pair of {of}", (a.card.name, b.card.name),
            allowed="two texts under one tokenizer, or one text under two",
            fix="these have different tokenizers and different texts",
        )  # fmt: skip
    if not pairs:
        raise InvalidError(
            f"pair of {of}", (a.text, b.text), allowed="texts that share a token",
            fix="none of theirs could be aligned: compare texts that differ in a few words",
        )  # fmt: skip
    slots = list(_slots(pairs, len(a.tokens), len(b.tokens)))
    at = np.asarray(slots, dtype=np.int64).reshape(-1, 2)
    same = [i >= 0 and j >= 0 and a.tokens.labels[i] == b.tokens.labels[j] for i, j in slots]
    return Alignment(at[:, 0], at[:, 1], np.asarray(same, dtype=bool), how)


def one_vocabulary(a: Trace, b: Trace) -> bool:
    """Whether an id means the same in both, as far as their tokens show."""
    if a.source is b.source:
        return True
    rows = (a.tokens, b.tokens)
    entries = {entry for row in rows for entry in zip(row.ids, row.labels, strict=True)}
    ids, labels = zip(*entries, strict=True)
    return len(set(ids)) == len(set(labels)) == len(entries)


def _by_tokens(a: Sequence[str], b: Sequence[str]) -> tuple[list[_Pair], str]:
    """Pairs of the equal blocks, and of replaced stretches of equal length."""
    pairs: list[_Pair] = []
    replaced = 0
    matcher = SequenceMatcher(None, a, b, autojunk=False)
    for kind, low_a, high_a, low_b, high_b in matcher.get_opcodes():
        if high_a - low_a == high_b - low_b:
            pairs += zip(range(low_a, high_a), range(low_b, high_b), strict=True)
            replaced += high_a - low_a if kind == "replace" else 0
    return pairs, _words(len(a), len(b), len(pairs), replaced)


def _words(a: int, b: int, paired: int, replaced: int) -> str:
    if paired == a == b and not replaced:
        return "both have the same tokens"
    kept = f"{paired - replaced} the same"
    swapped = f", {replaced} in another's place" if replaced else ""
    left = a + b - 2 * paired
    return f"{kept}{swapped}" + (f", {left} without a partner" if left else "")


@dataclass(frozen=True)
class _Bare:
    """A text without special tokens and leading space, and where each other token lies in it."""

    text: str
    spans: dict[int, tuple[int, int]]
    count: int


def _bare(row: TokenRow) -> _Bare:
    kept = np.ones(len(row.text), dtype=bool)
    for start, end, special in zip(row.starts, row.ends, row.special, strict=True):
        kept[start:end] &= not special
    for i in np.flatnonzero(kept):
        if not row.text[i].isspace():
            break
        kept[i] = False
    place = np.concatenate([[0], np.cumsum(kept)]).tolist()
    spans = {
        i: (place[start], place[end])
        for i, (start, end) in enumerate(zip(row.starts, row.ends, strict=True))
        if place[end] > place[start]
    }
    return _Bare("".join(row.text[i] for i in np.flatnonzero(kept)), spans, len(row))


def _by_characters(a: _Bare, b: _Bare, spans: bool) -> tuple[list[_Pair], str]:
    """Pairs of the tokens that end at one character; of a cut character the last part has it."""

    def last(bare: _Bare) -> dict[Any, int]:
        return {span if spans else span[1]: i for i, span in bare.spans.items()}

    there = last(b)
    pairs = sorted((i, there[end]) for end, i in last(a).items() if end in there)
    whole = "cover the same characters" if spans else "end at the same character"
    left = a.count + b.count - 2 * len(pairs)
    how = f"tokenized in two ways: {len(pairs)} pairs of tokens {whole}"
    return pairs, how + (f", {left} tokens without a partner" if left else "")


def _slots(pairs: Sequence[_Pair], n_a: int, n_b: int) -> Iterator[_Pair]:
    """Every token once: between two pairs first those of a alone, then those of b alone."""
    i = j = 0
    for at_a, at_b in (*pairs, (n_a, n_b)):
        yield from ((k, -1) for k in range(i, at_a))
        yield from ((-1, k) for k in range(j, at_b))
        if at_a < n_a or at_b < n_b:
            yield at_a, at_b
        i, j = at_a + 1, at_b + 1

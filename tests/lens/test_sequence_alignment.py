"""Alignment: every token once and in order, equal ones paired, the rest by stated rules."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cutaway.core.errors import InvalidError
from cutaway.core.tokens import TokenRow
from cutaway.lens.sequence_alignment import align, one_vocabulary
from cutaway.trace.trace import Trace

from .fakes import FakeSource, fake_trace


def said(*pieces: str, vocabulary: str = "", special: tuple[str, ...] = ()) -> Trace:
    """A trace of these pieces of text; another vocabulary has other ids."""
    ends = np.cumsum([len(piece) for piece in pieces]).tolist()
    ids = tuple(sum(map(ord, vocabulary + piece)) % 9973 for piece in pieces)
    row = TokenRow(
        ids=ids, labels=tuple(piece.replace(" ", "·") for piece in pieces),
        starts=(0, *ends[:-1]), ends=tuple(ends), text="".join(pieces), n_prompt=len(pieces),
        special=tuple(piece in special for piece in pieces), roles=("",) * len(pieces),
    )  # fmt: skip
    bare = fake_trace([np.zeros((len(pieces), 0))])
    return replace(bare, tokens=row, source=FakeSource())  # type: ignore[arg-type]


def slots(a: Trace, b: Trace, **options: bool) -> list[tuple[int, int]]:
    found = align(a, b, **options)
    return list(zip(found.a.tolist(), found.b.tolist(), strict=True))


def test_equal_rows_are_paired_one_to_one() -> None:
    a = said("The", " doctor", " said")
    assert slots(a, said("The", " doctor", " said")) == [(0, 0), (1, 1), (2, 2)]
    assert align(a, a).same.all()


def test_a_replaced_stretch_of_equal_length_is_paired() -> None:
    a, b = said("The", " doctor", ".", " She"), said("The", " nurse", ".", " He")
    found = align(a, b)
    assert slots(a, b) == [(0, 0), (1, 1), (2, 2), (3, 3)]
    assert found.same.tolist() == [True, False, True, False]
    assert found.how == "2 the same, 2 in another's place"


def test_stretches_of_unequal_length_have_no_partner() -> None:
    a, b = said("A", " very", " old", " man"), said("A", " boy", " man", "!")
    assert slots(a, b) == [(0, 0), (1, -1), (2, -1), (-1, 1), (3, 2), (-1, 3)]
    assert align(a, b).how == "2 the same, 4 without a partner"


@pytest.mark.parametrize("seed", range(20))
def test_every_token_stands_in_one_slot_and_in_order(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = (said(*(f" {w}" for w in rng.integers(0, 4, n))) for n in rng.integers(3, 12, 2))
    try:
        found = align(a, b)
    except InvalidError:
        return
    for mine, trace in ((found.a, a), (found.b, b)):
        assert mine[mine >= 0].tolist() == list(range(trace.n_positions))
    assert ((found.a >= 0) | (found.b >= 0)).all()
    labels = [(a.tokens.labels[i], b.tokens.labels[j]) for i, j in slots(a, b) if min(i, j) >= 0]
    assert [x == y for x, y in labels] == found.same[(found.a >= 0) & (found.b >= 0)].tolist()


def test_two_tokenizers_meet_where_tokens_end_together() -> None:
    a = said("<s>", "The", " cab", "inet", " is", special=("<s>",))
    b = said(" The", " cabinet", " ", "is", vocabulary="b")
    assert slots(a, b) == [(0, -1), (1, 0), (2, -1), (3, 1), (-1, 2), (4, 3)]
    # As wholes, only what covers the same characters: the space before the text is none of it.
    pairs = [pair for pair in slots(a, b, spans=True) if min(pair) >= 0]
    assert pairs == [(1, 0)]
    assert "2 pairs" not in align(a, b).how
    assert align(a, b).how.startswith("tokenized in two ways: 3 pairs")


def test_the_parts_of_a_cut_character_end_with_its_last() -> None:
    a = said("a", "é", "!", vocabulary="b")
    row = replace(
        said("a", "é", "é", "!").tokens, starts=(0, 1, 1, 2), ends=(1, 2, 2, 3), text="aé!"
    )
    cut = replace(said("a", "é", "é", "!"), tokens=row)
    assert slots(a, cut) == [(0, 0), (-1, 1), (1, 2), (2, 3)]


def test_what_can_not_be_aligned_is_refused_in_words() -> None:
    with pytest.raises(InvalidError, match="two texts under one tokenizer, or one text under two"):
        align(said("The", " cat"), said("The", " dog", vocabulary="b"))
    with pytest.raises(InvalidError, match="share a token"):
        align(said("The", " cat"), said("Dogs"))


def test_one_vocabulary_is_told_by_ids_and_labels() -> None:
    a = said("The", " cat")
    assert one_vocabulary(a, said("The", " dog"))
    assert not one_vocabulary(a, said("The", " dog", vocabulary="b"))

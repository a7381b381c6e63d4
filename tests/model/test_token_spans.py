"""Tokens: exact texts and places, labels for what is no character, chats, what was dropped."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerFast

from cutaway.core.errors import InvalidError
from cutaway.model.token_spans import row
from cutaway.model.vocabulary import Vocabulary, encoded
from tests.model.tokenizers import byte_level, sentence_piece, word_piece

BUILDERS = {"byte-level": byte_level, "SentencePiece": sentence_piece, "WordPiece": word_piece}
TEXTS = [
    "the keys  the\tcabinet.",
    " a space before\r\nand after ",
    "a 😀😀 é 👩‍👩‍👧",
    "שלום עולם, ‏مرحبا",
    "</script><img src=x onerror=alert(1)>",
    "\x00\x1b[31m\u200b\u202e\ufffd",
]


@pytest.fixture(params=BUILDERS, ids=str)
def tokenizer(request: pytest.FixtureRequest) -> PreTrainedTokenizerFast:
    return BUILDERS[request.param]()


@pytest.mark.parametrize("text", TEXTS)
def test_texts_lie_where_they_are_said_to_lie(
    tokenizer: PreTrainedTokenizerFast, text: str
) -> None:
    ids = encoded(tokenizer, text)
    tokens = row(Vocabulary(tokenizer), ids, len(ids))
    assert tokens.text == tokenizer.decode(ids, clean_up_tokenization_spaces=False)
    assert list(tokens.starts) == sorted(tokens.starts)
    assert list(tokens.ends) == sorted(tokens.ends)
    # every character is covered, and nothing beyond the text
    covered = {
        place for a, b in zip(tokens.starts, tokens.ends, strict=True) for place in range(a, b)
    }
    assert covered == set(range(len(tokens.text)))
    # tokens that start where the one before ended make up the text
    whole = "".join(
        text
        for place, text in enumerate(tokens.texts)
        if place == 0 or tokens.starts[place] >= tokens.ends[place - 1]
    )
    assert whole == tokens.text


@pytest.mark.parametrize("build", [byte_level, sentence_piece])
@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(text=st.text(min_size=1, max_size=12))
def test_any_text_comes_back(build: object, text: str) -> None:
    tokenizer = build()  # type: ignore[operator]
    ids = encoded(tokenizer, text)
    tokens = row(Vocabulary(tokenizer), ids, 0)
    assert tokens.text == tokenizer.decode(ids, clean_up_tokenization_spaces=False)
    assert all(label and label.isprintable() for label in tokens.labels)


@pytest.mark.parametrize("build", [byte_level, sentence_piece])
def test_bytes_that_are_no_character_share_their_character(build: object) -> None:
    tokenizer = build()  # type: ignore[operator]
    tokens = row(Vocabulary(tokenizer), encoded(tokenizer, "a😀b"), 0)
    cut = [place for place, text in enumerate(tokens.texts) if text == "😀"]
    assert "".join(tokens.labels[place] for place in cut) == "‹F0›‹9F›‹98›‹80›"
    assert len({(tokens.starts[place], tokens.ends[place]) for place in cut}) == 1
    assert tokens.texts[cut[-1] + 1] == "b"


def test_a_stray_byte_is_shown_and_takes_no_neighbour() -> None:
    tokenizer = byte_level()
    first = tokenizer.convert_tokens_to_ids("ðŁ")
    tokens = row(
        Vocabulary(tokenizer), [*encoded(tokenizer, "a"), first, first, *encoded(tokenizer, "b")], 0
    )
    assert tokens.texts == ("a", "�", "�", "b")
    assert tokens.labels == ("a", "‹F0›‹9F›", "‹F0›‹9F›", "b")


def test_labels_show_what_can_not_be_seen() -> None:
    tokenizer = byte_level()
    tokens = row(Vocabulary(tokenizer), encoded(tokenizer, " \t\n\x1bx"), 0)
    assert tokens.labels == ("·", "⇥", "↵", "‹1B›", "x")


def test_special_tokens_are_marked() -> None:
    tokenizer = byte_level()
    tokens = row(Vocabulary(tokenizer), encoded(tokenizer, "<|user|>a<|end|>"), 0)
    assert tokens.texts == ("<|user|>", "a", "<|end|>")
    assert tokens.special == (True, False, True)


def test_word_pieces_keep_the_spaces_that_decoding_puts_in() -> None:
    tokenizer = word_piece()
    tokens = row(Vocabulary(tokenizer), encoded(tokenizer, "the keys the cabinet."), 0)
    assert tokens.texts == ("the", " key", "s", " the", " cab", "in", "et", ".")


def test_a_long_row_takes_no_quadratic_time() -> None:
    tokenizer = byte_level()
    ids = list(range(2, len(tokenizer))) * 100
    assert len(row(Vocabulary(tokenizer), ids, 0)) == len(ids)


def test_pieces_of_a_vocabulary() -> None:
    vocabulary = Vocabulary(byte_level())
    spaced = vocabulary.token_id(" a")
    undefined, piece, cut, beyond = vocabulary.pieces(
        [-1, spaced, vocabulary.tokenizer.convert_tokens_to_ids("ðŁ"), 10_000]
    )
    assert (undefined.text, undefined.label) == ("", "–")
    assert (piece.text, piece.label) == (" a", "·a")
    assert (cut.text, cut.label) == ("", "‹F0›‹9F›")
    assert (beyond.text, beyond.label) == ("", "‹id 10000›")


def test_different_texts_have_different_labels_of_cut_characters() -> None:
    vocabulary = Vocabulary(byte_level())
    pieces = vocabulary.pieces(range(len(vocabulary.tokenizer)))
    cuts = [piece.label for piece in pieces if not piece.text]
    assert len(set(cuts)) == len(cuts) > 100


def test_a_text_of_one_token_is_found_exactly() -> None:
    vocabulary = Vocabulary(sentence_piece())
    assert vocabulary.word(vocabulary.token_id("a")) == "a"  # and not <0x61>, which says the same
    assert vocabulary.word(vocabulary.token_id("q")) == "<0x71>"  # which has no letter of its own
    assert vocabulary.piece(vocabulary.token_id(" the")).text == " the"
    with pytest.raises(InvalidError, match=r"this is 3: ' the', 'k', 'e'|' the', 'k', 'e'"):
        vocabulary.token_id(" theke")


def test_a_text_of_several_tokens_is_refused_with_its_pieces_and_the_likely_fix() -> None:
    vocabulary = Vocabulary(sentence_piece())
    with pytest.raises(InvalidError, match=r"perhaps ' the', with a space before it"):
        vocabulary.token_id("the")
    for nothing in ("", 5, None):
        with pytest.raises(InvalidError, match="a text that is one token"):
            vocabulary.token_id(nothing)  # type: ignore[arg-type]

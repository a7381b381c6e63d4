"""The entries of a vocabulary: the bytes each stands for, its text, and what is printed for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache, cached_property

from transformers import PreTrainedTokenizerBase

from ..core.errors import InvalidError, MissingError
from ..core.tokens import Piece, byte_label, display_text

__all__ = ["UNDEFINED", "Vocabulary", "encoded", "runs", "unbroken"]

#: What stands for a token that does not exist (id -1).
UNDEFINED = Piece("", "–")
_WORD_START = "▁"
#: Pieces that an error names of a text that is several tokens.
_MOST_NAMED = 8


class Vocabulary:
    """A tokenizer's vocabulary, read entry by entry.

    Two spellings are in use. Byte-level tokenizers write each byte as a letter (GPT-2's table);
    SentencePiece writes a space as ▁ and a single byte as <0xF0>. Which of them holds is read
    from the decoder; that the bytes are right is checked on every text (tokens.row).
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        self.tokenizer = tokenizer
        backend = getattr(tokenizer, "backend_tokenizer", None)
        self.byte_level = "ByteLevel" in str(getattr(backend, "decoder", ""))
        added = tokenizer.added_tokens_decoder
        self._added = frozenset(added)
        self.special = frozenset(tokenizer.all_special_ids) | {
            token_id for token_id, token in added.items() if token.special
        }
        self._pieces: dict[int, Piece] = {-1: UNDEFINED}

    def data(self, token_id: int) -> bytes:
        """The bytes that an entry stands for; b"" for an id the tokenizer has no entry for."""
        word = self.word(token_id)
        if token_id in self._added:
            return word.encode("utf-8", "replace")
        if self.byte_level:
            table = _letters()
            return bytes(table[letter] for letter in word if letter in table)
        if _is_byte(word):
            return bytes([int(word[3:5], 16)])
        return word.replace(_WORD_START, " ").encode("utf-8", "replace")

    def word(self, token_id: int) -> str:
        """An entry as the tokenizer spells it, "" where it has none."""
        if not 0 <= token_id < len(self.tokenizer):
            return ""
        word = self.tokenizer.convert_ids_to_tokens(token_id)
        return word if isinstance(word, str) else ""

    def piece(self, token_id: int) -> Piece:
        """Text and label of an entry; its text is "" where it is a cut of a character.

        >>> Vocabulary(tokenizer).piece(7042)  # doctest: +SKIP
        Piece(text=' Paris', label='·Paris')
        """
        known = self._pieces.get(token_id)
        if known is None:
            known = self._pieces[token_id] = self._read(token_id)
        return known

    def _read(self, token_id: int) -> Piece:
        data = self.data(token_id)
        if not data:
            return Piece("", f"‹id {token_id}›")
        parts = list(runs(data))
        label = "".join(display_text(text) if text else byte_label(some) for text, some in parts)
        whole = all(text for text, _ in parts)
        return Piece(data.decode("utf-8") if whole else "", label)

    def pieces(self, token_ids: Sequence[int]) -> tuple[Piece, ...]:
        """Text and label of each entry; id -1 has the label "–"."""
        return tuple(self.piece(int(token_id)) for token_id in token_ids)

    @cached_property
    def _by_text(self) -> dict[str, int]:
        """The first entry of every text; a single byte's only where no other spells it."""
        found: dict[str, int] = {}
        for token_id in sorted(range(len(self.tokenizer)), key=lambda i: _is_byte(self.word(i))):
            text = self.piece(token_id).text
            if text:
                found.setdefault(text, token_id)
        return found

    def token_id(self, text: str) -> int:
        """The id of a text that is exactly one token.

        Raises InvalidError naming the pieces of one that is not, and a leading space that helps.
        """
        if not isinstance(text, str) or not text:
            raise InvalidError("token", text, allowed="a text that is one token")
        ids = encoded(self.tokenizer, text)
        if len(ids) == 1 and self.piece(ids[0]).text == text:
            return ids[0]
        found = self._by_text.get(text)
        if found is not None:
            return found
        some = self.pieces(ids[:_MOST_NAMED])
        parts = ", ".join(repr(piece.text or piece.label) for piece in some)
        parts += ", …" if len(ids) > _MOST_NAMED else ""
        spaced = f" {text}"
        raise InvalidError(
            "token",
            text,
            allowed=f"a text that is one token, and this is {len(ids)}: {parts or 'none'}",
            fix=f"perhaps {spaced!r}, with a space before it" if spaced in self._by_text else "",
        )

    def blank_id(self) -> int:
        """The entry for a token that is not there: mask, unknown token or padding, else a space.

        Raises MissingError for a tokenizer that has none of them.
        """
        tokenizer = self.tokenizer
        for named in (tokenizer.mask_token_id, tokenizer.unk_token_id, tokenizer.pad_token_id):
            if isinstance(named, int):
                return named
        try:
            return self.token_id(" ")
        except InvalidError:
            raise MissingError(
                "a token that stands for one taken out",
                because="the tokenizer has no mask, unknown or padding token, and no space",
                fix="give one: replacement=",
            ) from None


def _is_byte(word: str) -> bool:
    """Whether it is SentencePiece's spelling of a byte, <0xF0>."""
    return len(word) == 6 and word.startswith("<0x") and word.endswith(">")


def encoded(tokenizer: PreTrainedTokenizerBase, text: str, *, special: bool = False) -> list[int]:
    """The ids of a text, with the tokens that the tokenizer adds around it only if asked.

    Raises InvalidError for a text with half a character, which no tokenizer takes.
    """
    unbroken(text)
    # `verbose` would warn of texts longer than the model takes; that is refused, with numbers.
    values = tokenizer(text, add_special_tokens=special, verbose=False)["input_ids"]
    return [int(value) for value in values]


def unbroken(text: str) -> str:
    """The text itself. Raises InvalidError where it has a lone surrogate, half of a character.

    >>> unbroken("a")
    'a'
    """
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InvalidError(
            "text", text, allowed="whole characters; it has a lone surrogate, "
            f"{text[error.start]!r}, at {error.start}",
            fix="decode the bytes it came from with errors='replace'",
        ) from None  # fmt: skip
    return text


def runs(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Whole characters and bytes that are none, in turn: the text ("" for those) and its bytes.

    >>> list(runs(b"a\\xf0\\x9f "))
    [('a', b'a'), ('', b'\\xf0\\x9f'), (' ', b' ')]
    """
    while data:
        try:
            text, bad = data.decode("utf-8"), slice(len(data), len(data))
        except UnicodeDecodeError as error:
            bad = slice(error.start, error.end)
            text = data[: bad.start].decode("utf-8")
        if text:
            yield text, data[: bad.start]
        if data[bad]:
            yield "", data[bad]
        data = data[bad.stop :]


@cache
def _letters() -> dict[str, int]:
    """GPT-2's spelling of bytes: printable Latin-1 is itself, the rest is moved up from 256.

    Source: `bytes_to_unicode` in openai/gpt-2, src/encoder.py.
    """
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = [value for value in range(256) if value not in printable]
    table = {chr(value): value for value in printable}
    table.update({chr(256 + place): value for place, value in enumerate(others)})
    return table

"""A row of tokens: ids, exact texts, where each lies in the text, and what is printed for it."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Piece", "TokenRow", "display_text"]

_MARKS = {" ": "·", "\n": "↵", "\t": "⇥", "\r": "␍", "\u00a0": "⍽"}
#: Characters that would change how their neighbours are drawn.
_BIDI = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u061c")


@dataclass(frozen=True)
class Piece:
    """One entry of a vocabulary: its text ("" where it is a cut of a character) and its label."""

    text: str
    label: str


@dataclass(frozen=True)
class TokenRow:
    """The tokens of a trace, prompt first.

    ids      (T,) token ids
    labels   (T,) what is printed for each: never empty, no control characters
    starts   (T,) offset of its first character in `text`
    ends     (T,) offset past its last character; the parts of a cut character share its span
    text     the text the tokens decode to
    n_prompt how many of them were given; the rest was produced
    special  (T,) whether it is a special token
    roles    (T,) the chat role it belongs to, "" outside a chat
    types    (T,) of a pair of texts: the token type that the model was given with each; () where
             there is one text, or where the model has no types
    segments (T,) of a pair of texts: 0 in the first, 1 in the second, -1 in the special tokens
             around them; () where there is one text
    times    (T,) of a sound: the second at which each of its frames begins; frames have no id (-1)
             and no text, and their labels are these times. () of a text
    """

    ids: tuple[int, ...]
    labels: tuple[str, ...]
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    text: str
    n_prompt: int
    special: tuple[bool, ...]
    roles: tuple[str, ...]
    types: tuple[int, ...] = ()
    segments: tuple[int, ...] = ()
    times: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        lengths = {
            "labels": len(self.labels), "starts": len(self.starts), "ends": len(self.ends),
            "special": len(self.special), "roles": len(self.roles),
        }  # fmt: skip
        lengths |= {"types": len(self.types)} if self.types else {}
        lengths |= {"segments": len(self.segments)} if self.segments else {}
        lengths |= {"times": len(self.times)} if self.times else {}
        wrong = {name: length for name, length in lengths.items() if length != len(self.ids)}
        if wrong:
            raise ValueError(f"{len(self.ids)} tokens, but {wrong}")
        if not 0 <= self.n_prompt <= len(self.ids):
            raise ValueError(f"{self.n_prompt} prompt tokens of {len(self.ids)}")

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def texts(self) -> tuple[str, ...]:
        """(T,) the characters each token covers; parts of a cut character all cover it."""
        return tuple(self.text[a:b] for a, b in zip(self.starts, self.ends, strict=True))


def display_text(text: str) -> str:
    """What is printed for a token's text: spaces as ·, line ends as ↵, controls by their number.

    >>> display_text(" Paris"), display_text("a\\n\\tb"), display_text("\\x1b[0m")
    ('·Paris', 'a↵⇥b', '‹1B›[0m')
    """
    shown = "".join(_shown(character) for character in text)
    if shown and unicodedata.combining(shown[0]):
        shown = "◌" + shown  # a combining mark alone would sit on the chip's border
    return shown or "∅"


def byte_label(data: Sequence[int]) -> str:
    """What is printed for bytes that are no whole character.

    >>> byte_label([0xF0, 0x9F])
    '‹F0›‹9F›'
    """
    return "".join(f"‹{value:02X}›" for value in data)


def _shown(character: str) -> str:
    if character in _MARKS:
        return _MARKS[character]
    if character in _BIDI or unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}:
        return f"‹{ord(character):02X}›"
    return character

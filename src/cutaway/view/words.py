"""Which tokens make one word, so that their scores can be shown together."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["word_numbers"]

#: Scripts written without spaces: each token is its own word there.
_UNSPACED = ((0x0E00, 0x0EFF), (0x2E80, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF))


def word_numbers(texts: Sequence[str], roles: Sequence[str], special: Sequence[bool]) -> list[int]:
    """The number of the word that each token belongs to.

    A word ends at white space and where the chat role changes; a special token is one alone.

    >>> word_numbers(["<s>", "The", " cab", "inet", ","], [""] * 5, [True] + [False] * 4)
    [0, 1, 2, 2, 2]
    """
    numbers, word = [], 0
    for i, text in enumerate(texts):
        alone = i and (special[i] or special[i - 1] or roles[i] != roles[i - 1])
        if alone or (i and _parted(texts[i - 1], text)):
            word += 1
        numbers.append(word)
    return numbers


def _parted(before: str, after: str) -> bool:
    if not before or not after:  # the later part of a character that was cut
        return False
    return (
        after[0].isspace() or before[-1].isspace() or _unspaced(before[-1]) or _unspaced(after[0])
    )


def _unspaced(character: str) -> bool:
    return any(low <= ord(character) <= high for low, high in _UNSPACED)

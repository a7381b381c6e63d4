"""Text that does nothing to a terminal: what would is written by its number."""

from __future__ import annotations

import json
import re

__all__ = ["encodable_json", "harmless", "harmless_json"]

#: Controls but the line end (escape codes begin with one, C1's in a single character), what turns
#: the direction of writing, other line ends, and halves of characters, which can't be written out.
_ACTS = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def harmless(text: str) -> str:
    """The text with every character that a terminal acts on, but line ends, by its number.

    >>> harmless("red\\x1b[31m, and\\nso on\\x9b2J")
    'red‹1B›[31m, and\\nso on‹9B›2J'
    """
    return _ACTS.sub(lambda found: f"‹{ord(found[0]):02X}›", text)


def harmless_json(text: str) -> str:
    """JSON that holds the same, with those characters written as JSON's escapes.

    >>> harmless_json('"\\x9b2J"')
    '"\\\\u009b2J"'
    """
    return _ACTS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def encodable_json(text: str, encoding: str | None) -> str:
    """JSON that holds the same and can be written so: with escapes where the encoding lacks a sign.

    >>> encodable_json('"漢"', "latin-1")
    '"\\\\u6f22"'
    """
    try:
        text.encode(encoding or "utf-8")
    except UnicodeEncodeError:
        return "".join(sign if sign.isascii() else json.dumps(sign)[1:-1] for sign in text)
    return text

"""Which tokens of a text make a set that a reader names: special ones, punctuation, a pattern."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.axes import as_list
from ..core.errors import InvalidError, UnknownError
from ..trace.source import Floats
from ..trace.trace import Trace

__all__ = ["read_token_set"]

_SETS = ("special", "punctuation")


def read_token_set(trace: Trace, tokens: str | Sequence[str]) -> Floats:
    """(T,) whether each position belongs to a chosen set of tokens, as 0.0 and 1.0."""
    row = trace.tokens
    texts = [text.strip() for text in row.texts]
    given: Any = tokens if isinstance(tokens, str) else as_list(tokens)
    if isinstance(given, str) and given.startswith("re:"):
        try:
            pattern = re.compile(given[3:])
        except (re.error, OverflowError, RecursionError) as error:
            raise InvalidError(
                "tokens", tokens, allowed=f"a regular expression ({error})"
            ) from None
        picked = [bool(pattern.search(text)) for text in row.texts]
    elif given == "special":
        picked = list(row.special)
    elif given == "punctuation":
        picked = [bool(text) and all(_punctuation(c) for c in text) for text in texts]
    elif isinstance(given, str):
        raise UnknownError("set of tokens", tokens, allowed=_SETS, fix="or a list, or 're:...'")
    else:
        wanted = {_read_text(text).strip() for text in given}
        picked = [text in wanted for text in texts]
    return np.asarray(picked, dtype=np.float64)


def _read_text(text: object) -> str:
    if not isinstance(text, str):
        raise InvalidError("tokens", text, allowed="a set, texts of tokens, or 're:...'")
    return text


def _punctuation(character: str) -> bool:
    return unicodedata.category(character)[0] in "PS"

"""Which tokens of a text make a set that a reader names: special ones, punctuation, a pattern."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import numpy as np

from ..core.errors import InvalidError, UnknownError
from ..trace.source import Floats
from ..trace.trace import Trace

__all__ = ["read_token_set"]

_SETS = ("special", "punctuation")


def read_token_set(trace: Trace, tokens: str | Sequence[str]) -> Floats:
    """(T,) whether each position belongs to a chosen set of tokens, as 0.0 and 1.0."""
    row = trace.tokens
    texts = [text.strip() for text in row.texts]
    if isinstance(tokens, str) and tokens.startswith("re:"):
        try:
            pattern = re.compile(tokens[3:])
        except re.error as error:
            raise InvalidError(
                "tokens", tokens, allowed=f"a regular expression ({error})"
            ) from None
        picked = [bool(pattern.search(text)) for text in row.texts]
    elif tokens == "special":
        picked = list(row.special)
    elif tokens == "punctuation":
        picked = [bool(text) and all(_punctuation(c) for c in text) for text in texts]
    elif isinstance(tokens, str):
        raise UnknownError("set of tokens", tokens, allowed=_SETS, fix="or a list, or 're:...'")
    else:
        wanted = {text.strip() for text in tokens}
        picked = [text in wanted for text in texts]
    return np.asarray(picked, dtype=np.float64)


def _punctuation(character: str) -> bool:
    return unicodedata.category(character)[0] in "PS"

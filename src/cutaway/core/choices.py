"""A name that is chosen from a few, yes and no, a text that can be written."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from .errors import InvalidError, UnknownError

__all__ = ["read_choice", "read_flag", "read_text"]


def read_choice(what: str, value: Any, known: Iterable[str]) -> str:
    """A name that is known, or UnknownError with those that are.

    >>> read_choice("distance", "kl", ("kl", "js"))
    'kl'
    """
    names = tuple(known)
    if not isinstance(value, str) or value not in names:
        raise UnknownError(what, value, allowed=names)
    return value


def read_flag(what: str, value: Any) -> bool:
    """True or False; anything else is no answer, and refused.

    >>> read_flag("exact", True)
    True
    """
    if not isinstance(value, bool | np.bool_):
        raise InvalidError(what, value, allowed="True or False")
    return bool(value)


def read_text(what: str, value: Any) -> str:
    """A text of whole characters: half of one (a lone surrogate) could not be written to a file.

    >>> read_text("name", "a")
    'a'
    """
    if not isinstance(value, str):
        raise InvalidError(what, value, allowed="a text")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InvalidError(what, value, allowed="text without lone surrogates") from None
    return value

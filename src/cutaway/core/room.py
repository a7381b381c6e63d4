"""What a question may take in memory: refused before it begins where it would need more."""

from __future__ import annotations

import os

from .errors import InvalidError, MissingError
from .numbers import byte_size

__all__ = ["DEFAULT", "allowed", "check_room"]

#: Bytes above the model and the trace; CUTAWAY_MEMORY, in GB, allows another number.
DEFAULT = 8_000_000_000
#: GB beyond which no machine is.
_MOST = 1e9


def allowed() -> int:
    """The bytes that a question may take.

    Raises InvalidError where CUTAWAY_MEMORY is no positive number.
    """
    given = os.environ.get("CUTAWAY_MEMORY", "")
    if not given:
        return DEFAULT
    try:
        found = float(given)
    except ValueError:
        found = -1.0
    if not 0 < found <= _MOST:
        raise InvalidError("CUTAWAY_MEMORY", given, allowed="a number of GB, such as 16")
    return int(found * 1e9)


def check_room(what: str, n_bytes: int, fix: str) -> None:
    """Raise MissingError where a question would take more than is allowed, with the bytes it needs.

    >>> check_room("the weights", 18_100_000_000, "ask for some layers")
    Traceback (most recent call last):
    ...
    cutaway.core.errors.MissingError: missing memory: the weights take 18.1 GB, ...
    """
    most = allowed()
    if n_bytes > most:
        raise MissingError(
            "memory",
            because=f"{what} take {byte_size(n_bytes)}, and {byte_size(most)} are allowed",
            fix=f"{fix}, or allow more with CUTAWAY_MEMORY, in GB",
        )

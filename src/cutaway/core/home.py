"""The user's home folder, where a path begins with "~"."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from .errors import MissingError

__all__ = ["expanded"]


def expanded(path: str | Path | Callable[[], str | Path], fix: str) -> Path:
    """The path with the user's home in the place of "~".

    path  or what finds it, with RuntimeError where it needs a home and there is none
    fix   what to do then

    >>> expanded("models/a", "").name
    'a'

    Raises MissingError where the system knows no home: without HOME, and without this user among
    its users, as in a container that is run under another number; or of a user that is not there.
    """
    try:
        return Path(path() if callable(path) else path).expanduser()
    except RuntimeError:
        raise MissingError(
            "the home folder", because="the system knows none for this user", fix=fix
        ) from None

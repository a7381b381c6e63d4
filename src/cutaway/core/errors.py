"""Every error that Cutaway raises on purpose.

CutawayError
├── UnknownError    a name that does not exist: unknown X
├── InvalidError    a value that can't be used: invalid X
├── MissingError    something needed is not there: missing X
└── FileError       a file that can't be read or written

Each message says what was wrong (with the value), what is allowed and what to do.
"""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["CutawayError", "FileError", "InvalidError", "MissingError", "UnknownError"]

_LONGEST_VALUE = 120
#: Of each part of a message: what is given may be a text of any length.
_LONGEST_PART = 1_000


class CutawayError(Exception):
    """The root of every error that Cutaway raises on purpose.

    >>> issubclass(UnknownError, CutawayError)
    True
    """


class UnknownError(CutawayError, ValueError):
    """A name that does not exist: says which do.

    >>> str(UnknownError("distance", "kll", allowed=["kl", "js", "tv"]))
    "unknown distance 'kll'; known: 'kl', 'js', 'tv'"
    """

    def __init__(
        self, what: str, value: object, *, allowed: Iterable[object] = (), fix: str = ""
    ) -> None:
        known = ", ".join(repr(name) for name in allowed)
        parts = [f"unknown {what} {_short(value)}"]
        parts += [f"known: {_cut(known)}"] if known else []
        parts += [_cut(fix)] if fix else []
        super().__init__("; ".join(parts))


class InvalidError(CutawayError, ValueError):
    """A value that can't be used: says what is allowed and what to do.

    >>> str(InvalidError("k", 0, allowed="1 to 1000"))
    'invalid k 0; allowed: 1 to 1000'
    """

    def __init__(self, what: str, value: object, *, allowed: str = "", fix: str = "") -> None:
        parts = [f"invalid {what} {_short(value)}"]
        parts += [f"allowed: {_cut(allowed)}"] if allowed else []
        parts += [_cut(fix)] if fix else []
        super().__init__("; ".join(parts))


class MissingError(CutawayError, LookupError):
    """Something that is needed is not there: says why and how to get it.

    >>> str(MissingError("the neurons", because="this trace did not keep them",
    ...                  fix="trace again with keep='neurons'"))
    "missing the neurons: this trace did not keep them; trace again with keep='neurons'"
    """

    def __init__(self, what: str, *, because: str = "", fix: str = "") -> None:
        text = f"missing {what}" + (f": {because}" if because else "")
        super().__init__(text + (f"; {fix}" if fix else ""))

    def __str__(self) -> str:
        return str(self.args[0])


class FileError(CutawayError, OSError):
    """A file that can't be read or written: names it, the cause and the remedy.

    >>> str(FileError("a.trace", "is damaged", fix="save the trace again"))
    "'a.trace' is damaged; save the trace again"
    """

    def __init__(self, path: object, cause: str, *, fix: str = "") -> None:
        name = _cut(repr(str(path)))
        super().__init__(f"{name} {_cut(cause)}" + (f"; {_cut(fix)}" if fix else ""))

    def __str__(self) -> str:
        return str(self.args[0])


def _short(value: object) -> str:
    try:
        text = repr(value)
    except Exception:  # a whole number of more than 4,300 digits, or a repr that fails
        text = f"({type(value).__name__})"
    if "\n" in text:  # a text shows its line ends by number, an array does not
        text = " ".join(text.split())
    return _cut(text, _LONGEST_VALUE)


def _cut(text: str, longest: int = _LONGEST_PART) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"

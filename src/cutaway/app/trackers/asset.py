"""What a view or a trace gives to a run, before any tracker is known."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...core.axes import read_whole
from ...core.errors import InvalidError
from .columns import Columns

if TYPE_CHECKING:
    from ...trace.trace import Trace

__all__ = ["Asset", "clipped", "read_name"]

#: What every tracker takes in names of files, metrics and artifacts.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
#: The most characters of an entry of `about`, so that every tracker keeps it as it is.
_LONGEST = 2000


@dataclass(frozen=True)
class Asset:
    """One thing in a run under a name; trackers take of it what they can show.

    name     what it is called in the run
    step     of a training, None outside one
    about    provenance and units, in words
    scalars  numbers to chart, by name
    tables   suffix -> columns; the suffix is "", or "." and a part's name
    words    makes its plain text
    page     makes the offline page; None where there is none
    picture  makes a PNG; None where there is none
    trace    the trace whose file is logged; None where it is a view
    """

    name: str
    step: int | None
    about: Mapping[str, str]
    scalars: Mapping[str, float]
    tables: Mapping[str, Columns]
    words: Callable[[], str]
    page: Callable[[], str] | None = None
    picture: Callable[[], bytes] | None = None
    trace: Trace | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        read_name(self.name)
        if self.step is not None:
            read_whole("step", self.step, 0)

    @property
    def stem(self) -> str:
        """The path of its files without a suffix: one for each step."""
        place = self.name if self.step is None else f"{self.name}/step-{self.step:06d}"
        return f"cutaway/{place}"


def read_name(name: object) -> str:
    """A name that every tracker takes.

    >>> read_name("keys-logit_lens")
    'keys-logit_lens'

    Raises InvalidError for any other.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise InvalidError(
            "name", name, allowed="1 to 100 letters, digits, '.', '_' and '-', none of these first"
        )
    return name


def clipped(text: str) -> str:
    """A text short enough for every tracker; what is cut off is said.

    >>> clipped("a" * 3000)[-20:]
    'a… (3000 characters)'
    """
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text)} characters)"

"""What was made of the texts asked about last: the next question about one needs no new pass."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

__all__ = ["RecentTexts"]

Made = TypeVar("Made")
#: How many texts are held: two, for a comparison goes to and fro between them.
_TEXTS = 2


class RecentTexts(Generic[Made]):
    """Text -> what was made of it, of the last two texts.

    >>> recent = RecentTexts[str]()
    >>> recent.get("a", lambda: "made"), recent.get("a", lambda: "made again")
    ('made', 'made')
    """

    def __init__(self) -> None:
        self._made: dict[Hashable, Made] = {}

    def get(self, text: Hashable, make: Callable[[], Made]) -> Made:
        """What was made of a text; made now where it is none of the last ones."""
        if text not in self._made:
            self._let_go_of_oldest()  # before the next is made: both may be large
            self._made[text] = make()
        return self._made[text]

    def put(self, text: Hashable, made: Made) -> None:
        """Keep what was made of a text elsewhere."""
        self._made.pop(text, None)
        self._let_go_of_oldest()
        self._made[text] = made

    def clear(self) -> None:
        """Let go of all."""
        self._made.clear()

    def _let_go_of_oldest(self) -> None:
        while len(self._made) >= _TEXTS:
            del self._made[next(iter(self._made))]

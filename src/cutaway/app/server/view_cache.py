"""The pictures that were looked at last, so that their questions are answered by the same one."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..view import View

__all__ = ["ViewCache"]

#: The keys of the models behind a picture, and what it is of.
Key = tuple[tuple[str, ...], tuple[str, ...]]


class ViewCache:
    """At most `most` views, of `n_bytes` together; the one not asked for the longest goes first.

    The one that was asked for last stays, however large: its questions are answered by it.
    """

    def __init__(self, most: int, n_bytes: int) -> None:
        self._most, self._n_bytes = most, n_bytes
        self._views: OrderedDict[Key, View] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Key, make: Callable[[], View]) -> View:
        """The view of that key, made where there is none. One worker asks for one key."""
        with self._lock:
            if key in self._views:
                self._views.move_to_end(key)
                return self._views[key]
        view = make()
        with self._lock:
            self._views[key] = view
        self.evict()
        return view

    def evict(self) -> None:
        """Let go of what is too much: a view may have grown since it was made."""
        with self._lock:
            while len(self._views) > self._most:
                self._views.popitem(last=False)
            sizes = {key: view._held_bytes for key, view in self._views.items()}
            left = sum(sizes.values())
            for key in list(sizes)[:-1]:
                if left > self._n_bytes and sizes[key]:  # an explorer's tree takes no room
                    left -= sizes[key]
                    del self._views[key]

    def newest_last(self) -> list[Key]:
        """The keys of the views that are held, the one asked for last at the end."""
        with self._lock:
            return list(self._views)

    def drop_model(self, model: str) -> None:
        """Let go of all that hold a model."""
        with self._lock:
            for key in [key for key in self._views if model in key[0]]:
                del self._views[key]

    def drop_run(self, run_id: str) -> None:
        """Let go of all that show a run."""
        with self._lock:
            for key in [key for key in self._views if run_id in key[1]]:
                del self._views[key]

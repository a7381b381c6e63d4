"""The models of a server: loaded when they are needed, kept up to a budget of memory."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ...core.errors import CutawayError, InvalidError, MissingError, UnknownError
from ...core.numbers import byte_size
from .worker import Task, Worker

if TYPE_CHECKING:
    from ...model.lm import LM
    from ...trace.card import ModelCard

__all__ = ["ModelEntry", "ModelRegistry"]

_EMBEDDED = "SmolLM2-135M-Instruct"
#: Models of the list, loaded or not: each has a thread of its own.
_MOST = 50


class ModelEntry:
    """One model of the list: what was asked for, what became of it, and who works with it.

    load_options  what else `load` is given: only who starts the server may say it
    state         waiting, loading, ready, failed (`problem` says why) or dropped: it made room for
           another one, and comes back when it is asked
    """

    def __init__(
        self,
        name: str | None,
        options: dict[str, str | None],
        worker: Callable[[str], Worker],
        load_options: Mapping[str, Any] | None = None,
    ) -> None:
        self.source, self.options, self.load_options = name, options, dict(load_options or {})
        self.name = _EMBEDDED if name is None else name
        parts = [self.name, *(f"{key}={value}" for key, value in options.items() if value)]
        self.key = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]
        self.state, self.problem, self.bytes, self.used = "waiting", "", 0, 0.0
        self.lm: LM | None = None
        self.worker = worker(self.name)

    def to_json(self) -> dict[str, Any]:
        """As the page's list shows it."""
        known = {} if self.lm is None else self.lm.card.capabilities
        doing = self.worker.running
        return {
            "key": self.key, "name": self.name, "state": self.state, "problem": self.problem,
            "bytes": self.bytes, "queue": self.worker.waiting, "busy": doing is not None,
            "what": doing.what if doing else "", "done": doing.done if doing else 0,
            "total": doing.total if doing else 0, **self.options,
            "capabilities": {name: entry.proven for name, entry in known.items()},
        }  # fmt: skip


class ModelRegistry:
    """The list of models, in the order they came; one is loaded at a time.

    budget     bytes of weights; the one used longest ago makes room, never one at work
    room       how many pieces of work may wait for one model
    device     where they run
    on_drop    called when a model has left the memory
    on_change  called when a queue has moved
    """

    def __init__(
        self, budget: int, room: int, device: str | None, *, on_drop: Callable[[ModelEntry], None],
        on_change: Callable[[], None],
    ) -> None:  # fmt: skip
        self.budget, self.device = budget, device
        self._room, self._on_drop, self._on_change = room, on_drop, on_change
        self._entries: dict[str, ModelEntry] = {}
        #: Names that were on the list once -> what was given to load them.
        self._known: dict[str, str | None] = {_EMBEDDED: None}
        self._lock = threading.RLock()
        self._loading = threading.Lock()

    def add(
        self,
        name: str | None,
        *,
        revision: str | None = None,
        dtype: str | None = None,
        load_options: Mapping[str, Any] | None = None,
    ) -> ModelEntry:
        """Put a model on the list and begin to load it; one that failed is tried again.

        Raises InvalidError where the list is full.
        """
        with self._lock:
            entry = ModelEntry(
                name, {"revision": revision, "dtype": dtype}, self._worker, load_options
            )
            known = self._entries.get(entry.key)
            if known is not None or len(self._entries) >= _MOST:
                entry.worker.close()
                if known is None:
                    raise InvalidError(
                        "model", entry.name, allowed=f"up to {_MOST} on the list",
                        fix="take one off it first",
                    )  # fmt: skip
                entry = known
            if entry.state == "failed":
                entry.state, entry.problem = "waiting", ""
            self._entries[entry.key] = entry
            self._known[entry.name] = entry.source
        entry.worker.submit(Task(lambda _: self.acquire(entry)), beyond=1)
        return entry

    def resolve(self, name: str, read: Callable[[str], str]) -> str | None:
        """What loads a model by the name that the list shows; `read` reads one that is new."""
        return self._known[name] if name in self._known else read(name)

    def add_loaded(self, lm: LM) -> ModelEntry:
        """Put a model on the list that is loaded already."""
        options = {"revision": lm.card.revision or None, "dtype": lm.card.dtype}
        entry = ModelEntry(lm.card.name, options, self._worker)
        entry.lm, entry.state, entry.bytes, entry.used = lm, "ready", _bytes(lm), time.monotonic()
        with self._lock:
            self._entries[entry.key] = entry
        return entry

    def get(self, key: str | None) -> ModelEntry:
        """A model of the list, the first one unless said; raises UnknownError."""
        with self._lock:
            if key is None and self._entries:
                return next(iter(self._entries.values()))
            if key not in self._entries:
                raise UnknownError(
                    "model", key, allowed=self._entries, fix="GET /api/state lists them"
                )
            return self._entries[key]

    def model_of(self, card: ModelCard) -> ModelEntry | None:
        """The model of the list that made a trace, loaded or not; None where it is not there."""
        same = [
            entry for entry in self.all() if entry.name == card.name and entry.state != "failed"
        ]
        exact = [h for h in same if h.lm and _identity(h.lm.card) == _identity(card)]
        open_ones = [entry for entry in same if entry.lm is None]
        return next(iter([*exact, *open_ones, *same]), None)

    def remove(self, key: str) -> None:
        """Take a model off the list; what it does and what waits for it is stopped."""
        entry = self.get(key)
        with self._lock:
            self._entries.pop(entry.key, None)
        entry.worker.close()
        self._drop(entry)

    def all(self) -> list[ModelEntry]:
        """The models, in the order they came."""
        with self._lock:
            return list(self._entries.values())

    @property
    def used(self) -> int:
        """Bytes of the weights that are held."""
        return sum(entry.bytes for entry in self.all() if entry.lm is not None)

    def acquire(self, entry: ModelEntry) -> LM:
        """The model itself, loaded if need be: called by its own worker, which may wait here."""
        with self._lock:
            entry.used = time.monotonic()
            if entry.lm is not None:
                return entry.lm
            if entry.state == "failed":
                raise MissingError("this model", because=entry.problem)
        with self._loading:
            entry.state = "loading"
            try:
                lm = _load(entry, self.device)
                self._make_room(entry, _bytes(lm))
            except CutawayError as problem:
                entry.state, entry.problem = "failed", str(problem)
                raise
            except BaseException:
                entry.state, entry.problem = (
                    "failed",
                    "this is a fault of Cutaway; the log says more",
                )
                raise
            with self._lock:
                entry.lm, entry.bytes, entry.state = lm, _bytes(lm), "ready"
            return lm

    def cancel_all(self) -> None:
        """Stop what runs and what waits, of all models."""
        for entry in self.all():
            entry.worker.cancel_all()

    def _worker(self, name: str) -> Worker:
        return Worker(name, self._room, self._on_change)

    def _make_room(self, newcomer: ModelEntry, needed: int) -> None:
        """Drop models that rest, the longest unused first, until the newcomer fits."""
        while self.used + needed > self.budget:
            with self._lock:
                idle = [h for h in self.all() if h.lm and h is not newcomer and h.worker.idle]
                if not idle:
                    raise MissingError(
                        "memory",
                        because=f"{newcomer.name} takes {byte_size(needed)}, models at work hold "
                        f"{byte_size(self.used)}, and the budget is {byte_size(self.budget)}",
                        fix="wait until they rest, or start with a larger --budget",
                    )  # fmt: skip
                self._drop(min(idle, key=lambda one: one.used))

    def _drop(self, entry: ModelEntry) -> None:
        entry.lm, entry.bytes, entry.state = None, 0, "dropped"
        self._on_drop(entry)


def _load(entry: ModelEntry, device: str | None) -> LM:
    from ..api import load

    source: dict[str, Any] = {**entry.options, **entry.load_options}
    return load(entry.source, device=None if "device_map" in source else device, **source)


def _bytes(lm: LM) -> int:
    """Of its weights and buffers; one that two parts share counts once."""
    tensors = {*lm.model.parameters(), *lm.model.buffers()}
    return sum({t.data_ptr() or id(t): t.numel() * t.element_size() for t in tensors}.values())


def _identity(card: ModelCard) -> tuple[object, ...]:
    return card.name, card.revision, card.dtype, card.n_parameters

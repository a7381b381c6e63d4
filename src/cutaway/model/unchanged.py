"""Whether a model is still the one that made a trace: it may be trained or hooked meanwhile."""

from __future__ import annotations

import sys
from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from torch import Tensor, nn
from transformers import PreTrainedModel

from ..core.errors import InvalidError
from ..trace.source import Floats
from ..trace.trace import Trace
from .fit import tolerance
from .record import numbers, recording
from .structure import Anatomy

__all__ = ["Unchanged", "last_state", "weight_versions"]

#: How far a state may lie from the trace's, relative to its largest entry: so many times what
#: rounding does in one product, and at most the second. Batches and devices round in other orders.
_ROUNDING, _MOST = 100, 0.1


class Unchanged:
    """A model that refuses what it can't tell of a trace any more.

    model    the transformers model
    anatomy  where its parts are
    """

    def __init__(self, model: PreTrainedModel, anatomy: Anatomy) -> None:
        self.model = model
        self.anatomy = anatomy
        self._versions: Hashable = None

    def present_versions(self) -> tuple[int, int]:
        """Those of all weights, and of the tail's; a trace is given them when it is made.

        What was kept of texts is let go where they changed, or hooks did. Raises InvalidError where
        the unembedding or the norm before it is no longer the model's.
        """
        tail = self.anatomy.tail.modules
        own = set(map(id, self.model.parameters()))
        if not all(id(weight) in own for module in tail for weight in module.parameters()):
            raise InvalidError(
                "model", type(self.model).__name__,
                allowed="one whose modules are those that it was opened with",
                fix="its unembedding, or the norm before it, was replaced: open it again, ct.wrap",
            )  # fmt: skip
        now = weight_versions([self.model]), weight_versions(tail)
        if self._versions != (seen := (now, _hooks(self.model))):
            self._versions = seen
            self._let_go()
        return now

    def check_unchanged(self, trace: Trace, *, tail: bool = False) -> None:
        """Raises InvalidError where weights were changed after the trace was made.

        tail  what is asked is of states that were kept: the weights after the last block matter
        """
        now, part = self.present_versions(), int(tail)
        if trace.weights is not None and trace.weights[part] != now[part]:
            raise _changed(trace, "weights were changed, or adapters switched,")

    @contextmanager
    def reading_again(self, trace: Trace, conditioned: nn.Module) -> Iterator[None]:
        """A pass over the trace's tokens inside must give the last state that the trace has.

        Raises InvalidError where it gives another, for it would tell of another run.
        """
        last, T, seen = trace.n_layers - 1, trace.n_positions, list[Floats]()
        kept = trace.materials.get("states", {}).get(last)

        def take(_material: str, _layer: int, rows: Tensor) -> None:
            seen[:] = [numbers(rows[0, :T])]

        with recording(
            conditioned, self.anatomy, ("states",), take, [] if kept is None else [last]
        ):
            yield
        if kept is None or not seen:
            return
        near = min(_MOST, _ROUNDING * tolerance(self.anatomy.stream.dtype))
        if not np.abs(seen[0] - kept).max() <= near * np.abs(kept).max():
            raise _changed(trace, "hooks were put on it or taken off, or weights changed,")

    def _let_go(self) -> None:
        """Forget what was kept of earlier texts: whoever keeps something says how."""


def last_state(trace: Trace) -> bytes:
    """What tells traces of one text apart where the model was another: their last row of states."""
    kept = trace.materials.get("states", {}).get(trace.n_layers - 1)
    return b"" if kept is None else np.ascontiguousarray(kept[-1]).tobytes()


def weight_versions(modules: Sequence[nn.Module]) -> int:
    """A number that is another one after a weight was written or an adapter switched.

    >>> before = weight_versions([model])  # doctest: +SKIP
    >>> optimiser.step()  # doctest: +SKIP
    >>> weight_versions([model]) == before  # doctest: +SKIP
    False

    torch counts writes to a weight, but those through `weight.data`: they are not seen here.
    Off-loaded weights are other ones each time they are used, and passed over.
    """
    written = tuple(
        (id(weight), 0 if weight.is_inference() else weight._version)
        for module in modules for weight in module.parameters() if not weight.is_meta
    )  # fmt: skip
    return hash((written, _switches(modules)))


def _switches(modules: Sequence[nn.Module]) -> tuple[Any, ...]:
    """Of each PEFT layer: whether its adapters are off, which are in use, which are merged."""
    tuners = sys.modules.get("peft.tuners.tuners_utils")
    if tuners is None:
        return ()
    return tuple(
        (part.disable_adapters, tuple(part.active_adapters), tuple(part.merged_adapters))
        for module in modules for part in module.modules()
        if isinstance(part, tuners.BaseTunerLayer)
    )  # fmt: skip


def _hooks(model: nn.Module) -> int:
    """A number that is another one after a hook was put on a module or taken off."""
    kept = ((module._forward_hooks, module._forward_pre_hooks) for module in model.modules())
    return hash(tuple(number for hooks in kept for each in hooks for number in each))


def _changed(trace: Trace, what: str) -> InvalidError:
    return InvalidError(
        "trace", trace, allowed="one that the model made as it is now",
        fix=f"{what} after it was made: trace the text again, with keep='attention' or 'neurons' "
        "for what is asked later; to compare two models keep a copy of the first (copy.deepcopy)",
    )  # fmt: skip

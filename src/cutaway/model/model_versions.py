"""Whether a model is still the one that made a trace: it may be trained or hooked meanwhile."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from ..core.errors import InvalidError
from ..trace.source import Floats
from ..trace.trace import Trace
from .equality import tolerance
from .model_lock import uncompiled
from .recent_texts import RecentTexts
from .record import numbers, recording
from .structure import Anatomy

__all__ = ["ModelVersions", "last_state", "weight_versions"]

#: How far a state may lie from the trace's, relative to its largest entry: so many times what
#: rounding does in one product, and at most the second. Batches and devices round in other orders.
_ROUNDING, _MOST = 100, 0.1


class ModelVersions:
    """A model's weights as they are now: what can't be told of a trace any more is refused.

    model    the transformers model
    anatomy  where its parts are
    """

    def __init__(self, model: PreTrainedModel, anatomy: Anatomy) -> None:
        self._model = model
        self._anatomy = anatomy
        self._seen: Hashable = None
        self._kept: list[RecentTexts[Any]] = []
        self._opened = tuple(
            (f"{path}.{name}".lstrip("."), parent, name, _own(module))
            for path, parent in model.named_modules() for name, module in parent._modules.items()
        )  # fmt: skip

    def recent_texts(self) -> RecentTexts[Any]:
        """A place for what is made of texts: all in it is let go where the model changed."""
        self._kept.append(recent := RecentTexts[Any]())
        return recent

    def present(self) -> tuple[int, int]:
        """Those of all weights, and of the tail's; a trace is given them when it is made.

        What was kept of texts is let go where they changed, or hooks did. Raises InvalidError where
        a module was replaced, as by an adapter put in its place: what was proven is of the other.
        """
        for path, parent, name, module in self._opened:
            if _own(parent._modules.get(name)) is not module:
                raise InvalidError(
                    "model", type(self._model).__name__,
                    allowed="one whose modules are those that it was opened with",
                    fix=f"its {path} was replaced, or taken out: open it again, ct.wrap",
                )  # fmt: skip
        tail = weight_versions(self._anatomy.tail.modules, columns=True)
        now = hash((weight_versions([self._model]), tail)), tail
        if self._seen != (seen := (now, _hooks(self._model))):
            self._seen = seen
            for recent in self._kept:
                recent.clear()
        return now

    def check(self, trace: Trace, *, tail: bool = False) -> None:
        """Raises InvalidError where weights were changed after the trace was made.

        tail  what is asked is of states that were kept: the weights after the last block matter
        """
        now, part = self.present(), int(tail)
        if trace.weight_versions is not None and trace.weight_versions[part] != now[part]:
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
            conditioned, self._anatomy, ("states",), take, [] if kept is None else [last]
        ):
            yield
        if kept is None or not seen:
            return
        near = min(_MOST, _ROUNDING * tolerance(self._anatomy.stream.dtype))
        if not np.abs(seen[0] - kept).max() <= near * np.abs(kept).max():
            raise _changed(trace, "hooks were put on it or taken off, or weights changed,")


def _own(module: nn.Module | None) -> nn.Module | None:
    """The module itself, with its compiled shell or without: the lock takes shells off."""
    return None if module is None else uncompiled(module)


def last_state(trace: Trace) -> bytes:
    """What tells traces of one text apart where the model was another: their last row of states."""
    kept = trace.materials.get("states", {}).get(trace.n_layers - 1)
    return b"" if kept is None else np.ascontiguousarray(kept[-1]).tobytes()


def weight_versions(modules: Sequence[nn.Module], *, columns: bool = False) -> int:
    """A number that is another one after a weight was written or an adapter switched.

    >>> before = weight_versions([model])  # doctest: +SKIP
    >>> optimiser.step()  # doctest: +SKIP
    >>> weight_versions([model]) == before  # doctest: +SKIP
    False

    columns  whether a column of each is read as well

    torch counts writes to a weight, but those through `weight.data`: so the numbers of a row of
    each are read too, and a write that changes every row or every column is seen. With columns a
    write to any one row is. Off-loaded weights are other ones each time they are used, and
    passed over.
    """
    weights = [weight for module in modules for weight in module.parameters() if not weight.is_meta]
    written = tuple((id(one), 0 if one.is_inference() else one._version) for one in weights)
    return hash((written, _samples(weights, columns), _switches(modules)))


def _samples(weights: Sequence[Tensor], columns: bool) -> tuple[bytes, ...]:
    """The numbers of each weight's middle row, and column; quantised ones are passed over."""
    groups: dict[Hashable, list[Tensor]] = defaultdict(list)
    with torch.inference_mode():
        for weight in weights:
            if type(weight) is nn.Parameter and weight.numel():
                some = groups[weight.get_device(), weight.dtype]
                if columns and weight.dim() == 2:
                    some.append(weight.select(1, weight.shape[1] // 2))
                while weight.dim() > 1:
                    weight = weight.select(0, weight.shape[0] // 2)
                some.append(weight if weight.dim() else weight[None])
        whole = [torch.cat(some).view(torch.uint8).cpu() for some in groups.values()]
    return tuple(one.numpy().tobytes() for one in whole)


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

"""Attention weights of blocks whose calls can't be caught, or whose kernel hides something.

A twin of the model reads the text, and what each block takes is kept. A block that is looked at
is run again, and what its values are multiplied by is seen in the act. Three things must hold:
the twin's logits are the model's, the block answers what it answered in the pass, and every row
of the weights sums to 1, over all rows that the block reads. Kernels that are one closed piece
are seen into in an eager twin.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ..core.errors import MissingError
from .eager_weights import kernel_tolerance
from .equality import close
from .forward import as_input, forward, inference_mode, logits_of
from .hooks import Arguments, forward_hooks, forward_pre_hooks, fresh
from .layout import Port, tensors_in
from .observed_weights import WeightObserver
from .shared_copy import shared_copy
from .sites import site
from .structure import Anatomy, Stream

__all__ = ["Replayed", "Replays"]

_Key = tuple[int, str]


@dataclass(frozen=True)
class Replayed:
    """The attention of one block, run again.

    weights   (H, T, S); None where nothing was seen to multiply values
    n_groups  K, how many key-value heads
    attends   whether the block weighs positions against each other at all
    """

    weights: Tensor | None
    n_groups: int
    attends: bool


class Replays:
    """Some blocks on one text, run again when they are asked for.

    >>> Replays(model, anatomy, [5, 6, 7], [0]).run(0).weights.shape  # doctest: +SKIP
    torch.Size([4, 3, 3])
    """

    def __init__(
        self,
        model: nn.Module,
        anatomy: Anatomy,
        token_ids: Sequence[int],
        layers: Iterable[int],
        n_keys: int | None = None,
    ) -> None:
        """n_keys  the length of the source, where its weights are wanted; None: the text's own."""
        self._text = model, anatomy, token_ids, tuple(layers)
        self._n_keys = n_keys
        self._kept: dict[bool, Mapping[int, _Replay]] = {}

    def run(self, layer: int, *, attends: bool = False) -> Replayed:
        """The attention of one block: with the model's kernels, or else eagerly.

        attends  whether it is known to attend, whatever is seen of it

        Raises MissingError where a run is not the model's.
        """
        found = self._replay(layer, eager=False).run(self._n_keys)
        if found.weights is None and (found.attends or attends):
            found = self._replay(layer, eager=True).run(self._n_keys)
        return found

    def _replay(self, layer: int, *, eager: bool) -> _Replay:
        if eager not in self._kept:
            self._kept[eager] = _one_pass(*self._text, eager=eager)
        return self._kept[eager][layer]


@dataclass(frozen=True)
class _Part:
    """A module of the twin, what it took, and what it gave at one of its results."""

    module: nn.Module
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    exit: Port
    given: Tensor

    def run(self) -> None:
        """Raises MissingError where it answers something else than in the pass."""
        args, kwargs = _own(self.args, self.kwargs)
        with inference_mode(self.module):
            again = self.exit.read(self.module(*args, **kwargs))
        if not close(again, self.given, kernel_tolerance(again.dtype)):
            raise _missing("a block answers something else when it is run again")


@dataclass(frozen=True)
class _Replay:
    """One block of the twin on a text of T tokens.

    cross   its attention to a source, where it has one
    parts   the block itself, or the members it is made of
    n_rows  rows of its tensors, and `lead` those before the text's
    """

    cross: nn.Module | None
    parts: Sequence[_Part]
    T: int
    n_rows: int
    lead: int

    def run(self, n_keys: int | None) -> Replayed:
        """The block run again and watched; heads of several attentions go one after the other.

        Raises MissingError where it answers something else than in the pass.
        """
        with WeightObserver(self.n_rows, n_keys) as seen, self._apart(seen, n_keys):
            for part in self.parts:
                part.run()
        found = [one for n, one in enumerate(seen.found) if not _repeats(one, seen.found[:n])]
        if not found:
            return Replayed(None, 0, seen.hinted > 0)
        weights = torch.cat([one.weights for one in found])
        if self.n_rows > self.T:
            own = slice(self.lead, self.lead + self.T)
            weights = weights[:, own, own if n_keys is None else slice(None)]
        return Replayed(weights, sum(one.n_groups for one in found), True)

    @contextmanager
    def _apart(self, seen: WeightObserver, n_keys: int | None) -> Iterator[None]:
        """Look only inside its attention to the source, or only outside it."""
        if self.cross is None:
            yield
            return
        seen.looking = n_keys is None

        def turn(*_: Any) -> None:
            seen.looking = not seen.looking

        with forward_pre_hooks({0: self.cross}, turn), forward_hooks({0: self.cross}, turn):
            yield


def _one_pass(
    model: nn.Module,
    anatomy: Anatomy,
    token_ids: Sequence[int],
    layers: Iterable[int],
    *,
    eager: bool,
) -> dict[int, _Replay]:
    """Layer -> its block in a twin, ready to be run again, from one pass of the twin.

    Raises MissingError where the twin says something else than the model.
    """
    twin, stream = shared_copy(model, eager=eager), anatomy.stream
    blocks = {layer: anatomy.blocks[layer] for layer in layers}
    modules = {(n, path): site(twin, b, path) for n, b in blocks.items() for path in b.roots}
    cross = {layer: twin.get_submodule(path) for layer, path in anatomy.cross.items()}
    taken: dict[_Key, tuple[tuple[Any, ...], dict[str, Any]]] = {}
    kept: dict[int, list[_Part]] = {layer: [] for layer in layers}

    def enter(key: _Key, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        taken[key] = _own(args, kwargs)

    def leave(key: _Key, _args: Any, _kwargs: Any, output: Any) -> None:
        layer, path = key
        last = path == blocks[layer].roots[-1]
        exit_ = stream.exit if last else Port(next(tensors_in(output))[0])
        given = exit_.read(output).clone()
        kept[layer].append(_Part(twin.get_submodule(path), *taken.pop(key), exit_, given))

    with inference_mode(twin), forward_pre_hooks(modules, enter), forward_hooks(modules, leave):
        found = _last_logits(twin, token_ids)
    _check_twin(model, token_ids, found, "with eager attention" if eager else "run again")
    return {
        layer: _Replay(
            cross.get(layer), parts, len(token_ids), _n_rows(stream, parts[0], len(token_ids)),
            stream.layout.lead,
        )
        for layer, parts in kept.items()
    }  # fmt: skip


def _check_twin(model: nn.Module, token_ids: Sequence[int], found: Tensor, how: str) -> None:
    """MissingError where the twin's last logits are not the model's."""
    with inference_mode(model):
        expected = _last_logits(model, token_ids)
    if not close(found, expected, kernel_tolerance(expected.dtype)):
        gap = float((found - expected).abs().max() / expected.abs().max())
        raise _missing(f"{how}, its logits differ by {gap:.1e} of the largest")


def _n_rows(stream: Stream, first: _Part, T: int) -> int:
    """How many rows a block weighs against each other: the text's and others it reads with them."""
    if stream.layout.streams > 1:
        return T
    return stream.layout.bare.rows(stream.entry.take(first.args, first.kwargs)).shape[1]


def _own(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Arguments:
    """Arguments with copies of what a module may change in place: states, and caches of keys."""
    args, kwargs = fresh(args, kwargs)
    states = {key: t.clone() for key, t in (*tensors_in(args), *tensors_in(kwargs)) if t.dim() == 3}
    return (
        tuple(states.get(place, value) for place, value in enumerate(args)),
        {name: states.get(name, value) for name, value in kwargs.items()},
    )


def _last_logits(model: nn.Module, token_ids: Sequence[int]) -> Tensor:
    """(V,) logits of the last position."""
    return logits_of(forward(model, as_input(model, token_ids), logits_to_keep=1))[0, -1]


def _repeats(one: Any, before: Iterable[Any]) -> bool:
    """Whether the same weights were seen before: some blocks lay them on two halves of a value."""
    return any(torch.equal(one.weights, other.weights) for other in before)


def _missing(because: str) -> MissingError:
    return MissingError("the attention weights", because=because)

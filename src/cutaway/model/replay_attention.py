"""Attention weights of blocks whose calls can't be caught, or whose kernel hides something.

A twin of the model reads the text, and what each block takes is kept. A block that is looked at
is run again, and what its values are multiplied by is seen in the act. Three things must hold:
the twin's logits are the model's, the block answers what it answered in the pass, and every row
of the weights sums to 1. Kernels that are one closed piece are seen into in an eager twin.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ..core.errors import MissingError
from .fit import close
from .forward import as_input, forward, logits_of, resting
from .structure import Anatomy, Stream
from .twin import twin_of
from .watch import entering, leaving
from .weigh import tolerance
from .weighing import Weighings

__all__ = ["Replayed", "Replays"]


@dataclass(frozen=True)
class Replayed:
    """The attention of one block, run again.

    weights   (H, T, T); None where nothing was seen to multiply values
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
        self, model: nn.Module, anatomy: Anatomy, token_ids: Sequence[int], layers: Iterable[int]
    ) -> None:
        self._text = model, anatomy, token_ids, tuple(layers)
        self._kept: dict[bool, Mapping[int, _Replay]] = {}

    def run(self, layer: int, *, attends: bool = False) -> Replayed:
        """The attention of one block: with the model's kernels, or else eagerly.

        attends  whether it is known to attend, whatever is seen of it

        Raises MissingError where a run is not the model's.
        """
        found = self._replay(layer, eager=False).run()
        if found.weights is None and (found.attends or attends):
            found = self._replay(layer, eager=True).run()
        return found

    def _replay(self, layer: int, *, eager: bool) -> _Replay:
        if eager not in self._kept:
            self._kept[eager] = _one_pass(*self._text, eager=eager)
        return self._kept[eager][layer]


@dataclass(frozen=True)
class _Replay:
    """One block of the twin with what it took and gave on a text of T tokens."""

    block: nn.Module
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    given: Tensor
    stream: Stream

    def run(self) -> Replayed:
        """The block run again and watched; heads of several attentions go one after the other.

        Raises MissingError where it answers something else than in the pass.
        """
        state = self.stream.entry.take(self.args, self.kwargs)
        args, kwargs = self.stream.entry.give(self.args, self.kwargs, state.clone())
        T = self.stream.layout.rows(state).shape[1]
        with resting(self.block), Weighings(T) as seen:
            again = self.stream.exit.read(self.block(*args, **kwargs))
        if not close(again, self.given, tolerance(again.dtype)):
            raise _missing("a block answers something else when it is run again")
        found = [one for n, one in enumerate(seen.found) if not _repeats(one, seen.found[:n])]
        if not found:
            return Replayed(None, 0, seen.hinted > 0)
        weights = torch.cat([one.weights for one in found])
        return Replayed(weights, sum(one.n_groups for one in found), True)


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
    twin, stream = twin_of(model, eager=eager), anatomy.stream
    blocks = {layer: twin.get_submodule(anatomy.blocks[layer].path) for layer in layers}
    taken: dict[int, tuple[tuple[Any, ...], dict[str, Any]]] = {}
    kept: dict[int, _Replay] = {}

    def enter(layer: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        # A block may go on to change its state in place.
        taken[layer] = stream.entry.give(args, kwargs, stream.entry.take(args, kwargs).clone())

    def leave(layer: int, _args: tuple[Any, ...], _kwargs: dict[str, Any], output: Any) -> None:
        given = stream.exit.read(output).clone()
        kept[layer] = _Replay(blocks[layer], *taken.pop(layer), given, stream)

    with resting(twin), entering(blocks, enter), leaving(blocks, leave):
        found = _last_logits(twin, token_ids)
    with resting(model):
        expected = _last_logits(model, token_ids)
    if not close(found, expected, tolerance(expected.dtype)):
        gap = float((found - expected).abs().max() / expected.abs().max())
        how = "with eager attention" if eager else "run again"
        raise _missing(f"{how}, its logits differ by {gap:.1e} of the largest")
    return kept


def _last_logits(model: nn.Module, token_ids: Sequence[int]) -> Tensor:
    """(V,) logits of the last position."""
    return logits_of(forward(model, as_input(model, token_ids), logits_to_keep=1))[0, -1]


def _repeats(one: Any, before: Iterable[Any]) -> bool:
    """Whether the same weights were seen before: some blocks lay them on two halves of a value."""
    return any(torch.equal(one.weights, other.weights) for other in before)


def _missing(because: str) -> MissingError:
    return MissingError("the attention weights", because=because)

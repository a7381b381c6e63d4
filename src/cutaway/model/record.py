"""One forward pass, recorded: states, states inside the blocks, neurons, experts chosen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..core.axes import INPUT_LAYER
from ..core.errors import MissingError
from ..core.returned import Kept
from ..trace.source import Floats
from .forward import as_input, forward, inference_mode
from .fused_experts import recording_fused_neurons
from .hooks import forward_hooks, forward_pre_hooks
from .layout import Layout, tensors_in
from .record_routing import recording_routing
from .sites import first_of, last_of, site
from .structure import Anatomy

__all__ = ["numbers", "recording", "run"]

#: What was recorded by this process since memory was given back.
_KEPT = Kept()
Take = Callable[[str, int, Tensor], None]


def run(
    model: nn.Module,
    anatomy: Anatomy,
    token_ids: Sequence[int],
    materials: tuple[str, ...],
    layers: Sequence[int] | None = None,
) -> dict[str, dict[int, Floats]]:
    """Material -> layer -> (T, n) float32 arrays of one pass over the tokens.

    >>> run(model, anatomy, [5, 6, 7], ("states",))["states"][-1].shape  # doctest: +SKIP
    (3, 64)

    layers  the layers wanted of each material (-1: the state before block 0); None is all.
    A block that has no such material is left out of it. Hooks and modes come back as they were,
    whatever happens. Raises MissingError for a material that was not proven on this model.
    """
    taken: dict[str, dict[int, Floats]] = {name: {} for name in materials}

    def take(material: str, layer: int, rows: Tensor) -> None:
        taken[material][layer] = numbers(rows[0, : len(token_ids)])

    with inference_mode(model), recording(model, anatomy, materials, take, layers):
        forward(model, as_input(model, token_ids), logits_to_keep=1)
    return {name: dict(sorted(by_layer.items())) for name, by_layer in taken.items()}


def numbers(rows: Tensor) -> Floats:
    """A float32 array of its own: bfloat16 and float16 are held exactly.

    A copy, made while the model runs: a later module may change its input in place, and the
    model's own tensor is freed at once, on whichever device it lies.
    """
    array = np.empty(tuple(rows.shape), dtype=np.float32)
    torch.from_numpy(array).copy_(rows)
    _KEPT.add(array.nbytes)
    return array


@contextmanager
def recording(
    model: nn.Module,
    anatomy: Anatomy,
    materials: tuple[str, ...],
    take: Take,
    layers: Sequence[int] | None = None,
) -> Iterator[None]:
    """Call `take(material, layer, (B, T, n) rows)` for everything wanted while the model runs."""
    wanted = range(INPUT_LAYER, len(anatomy.blocks)) if layers is None else layers
    for name in materials:
        _check(anatomy, name)
    with ExitStack() as stack:
        for name in materials:
            stack.enter_context(_RECORDERS[name](model, anatomy, frozenset(wanted), take))
        yield


def _check(anatomy: Anatomy, material: str) -> None:
    if material == "states":  # a model whose states can't be had is refused
        return
    capability = anatomy.capabilities.get(material)
    if capability is not None and not capability.proven:
        raise MissingError(f"the {material} of this model", because=capability.why)


@contextmanager
def _states(
    model: nn.Module, anatomy: Anatomy, wanted: frozenset[int], take: Take
) -> Iterator[None]:
    stream, called = anatomy.stream, anatomy.stream.called
    after = _passed_on(called, len(anatomy.blocks))

    def give(first: int, tensor: Tensor) -> None:
        for layer in after[first]:
            if layer in wanted:
                take("states", layer, stream.layout.rows(tensor))

    def enter(_: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        give(INPUT_LAYER, stream.entry.take(args, kwargs))

    def leave(layer: int, _args: tuple[Any, ...], _kwargs: dict[str, Any], output: Any) -> None:
        give(layer, stream.exit.read(output))

    first = first_of(model, anatomy.blocks[called[0]])
    lasts = {layer: last_of(model, anatomy.blocks[layer]) for layer in called}
    with forward_pre_hooks({called[0]: first}, enter), forward_hooks(lasts, leave):
        yield


def _passed_on(called: tuple[int, ...], n_layers: int) -> Mapping[int, range]:
    """The layers whose state is what a block gave: its own and those of blocks not called."""
    starts = (INPUT_LAYER, *called)
    return {a: range(a, b) for a, b in zip(starts, (*called, n_layers), strict=True)}


@contextmanager
def _inside(
    model: nn.Module, anatomy: Anatomy, wanted: frozenset[int], take: Take
) -> Iterator[None]:
    places = {
        layer: block
        for layer, block in enumerate(anatomy.blocks)
        if block.inside is not None and layer in wanted
    }

    batch: list[int] = [1]

    def begin(_: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        batch[0] = anatomy.stream.entry.take(args, kwargs).shape[anatomy.stream.layout.batch]

    def enter(layer: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        tensor = insides[layer].entry.take(args, kwargs)
        take("inside", layer, _rows_inside(anatomy.stream.layout, tensor, batch[0]))

    insides = {layer: block.inside for layer, block in places.items() if block.inside is not None}
    firsts = {layer: first_of(model, block) for layer, block in places.items()}
    readers = {n: site(model, places[n], inside.path) for n, inside in insides.items()}
    with forward_pre_hooks(firsts, begin), forward_pre_hooks(readers, enter):
        yield


@contextmanager
def _neurons(
    model: nn.Module, anatomy: Anatomy, wanted: frozenset[int], take: Take
) -> Iterator[None]:
    """Of a mixture with a shared expert: the neurons of all experts, then those of the shared."""
    chosen = {layer: anatomy.blocks[layer] for layer in wanted if layer >= 0}
    downs = {n: site(model, block, block.down) for n, block in chosen.items() if block.down}
    mixtures = {
        n: site(model, block, block.experts.path) for n, block in chosen.items() if block.experts
    }
    lasts = {n: last_of(model, chosen[n]) for n in {*downs, *mixtures}}
    layout = anatomy.stream.layout
    dense: dict[int, Tensor] = {}
    mixed: dict[int, Tensor] = {}

    def enter(layer: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        dense[layer] = next(tensor for _, tensor in tensors_in(args or kwargs))

    def leave(layer: int, _args: tuple[Any, ...], _kwargs: dict[str, Any], output: Any) -> None:
        batch = anatomy.stream.exit.read(output).shape[layout.batch]
        parts = [by[layer] for by in (mixed, dense) if layer in by]
        rows = [_rows_inside(layout, part, batch) for part in parts]
        take("neurons", layer, torch.cat(rows, dim=2) if len(rows) > 1 else rows[0])
        dense.pop(layer, None)
        mixed.pop(layer, None)

    with (
        forward_pre_hooks(downs, enter),
        recording_fused_neurons(mixtures, mixed.__setitem__),
        forward_hooks(lasts, leave),
    ):
        yield


def _rows_inside(layout: Layout, tensor: Tensor, batch: int) -> Tensor:
    """(B, T, n) of a tensor inside a block: some lay their texts end to end, (B x T, n)."""
    if tensor.dim() == len(layout.rest) + 2:
        return layout.rows(tensor)
    ends = Layout(0, 1, (tensor.shape[-1],), layout.lead, layout.streams)
    return ends.rows(tensor.reshape(batch, -1, tensor.shape[-1]))


@contextmanager
def _experts(
    model: nn.Module, anatomy: Anatomy, wanted: frozenset[int], take: Take
) -> Iterator[None]:
    """Of every mixture: the score of each expert, the numbers of those chosen, their weights."""
    blocks = {n: anatomy.blocks[n] for n in wanted if n >= 0 and anatomy.blocks[n].routing}
    lasts = {n: last_of(model, block) for n, block in blocks.items()}
    layout = anatomy.stream.layout
    rows: dict[int, Tensor] = {}

    def leave(layer: int, _args: tuple[Any, ...], _kwargs: dict[str, Any], output: Any) -> None:
        batch = anatomy.stream.exit.read(output).shape[layout.batch]
        take("experts", layer, _rows_inside(layout, rows.pop(layer), batch))

    with recording_routing(model, blocks, rows.__setitem__), forward_hooks(lasts, leave):
        yield


_RECORDERS = {"states": _states, "inside": _inside, "neurons": _neurons, "experts": _experts}

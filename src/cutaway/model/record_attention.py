"""Queries, keys and values recorded while the model runs, of the blocks they are proven of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from torch import nn

from ..core.errors import MissingError
from ..trace.attention import AttentionCall
from ..trace.source import Floats
from .attention_call import MaskCache, attention_call_of
from .forward import inference_mode
from .hooks import forward_hooks, forward_pre_hooks
from .kernel_calls import KernelCall, listening
from .output_projection import written_norms
from .record import run
from .rotary import Pair, RotaryCache, pair_in
from .sites import modules_of, site
from .structure import Anatomy

__all__ = [
    "attention_calls_of", "modules_of_blocks", "recording_calls", "recording_cross_calls",
    "run_with_calls", "run_with_written", "with_all_written", "with_written",
]  # fmt: skip


def run_with_calls(
    model: nn.Module, anatomy: Anatomy, token_ids: Sequence[int], materials: tuple[str, ...]
) -> tuple[dict[str, dict[int, Floats]], dict[int, AttentionCall]]:
    """What `run` records of one pass, and layer -> the queries, keys and values of that pass.

    What the heads write is left for after it: see `with_written`.
    """
    records: dict[int, AttentionCall] = {}
    with recording_calls(model, anatomy, records.__setitem__):
        arrays = run(model, anatomy, token_ids, materials)
    return arrays, dict(sorted(records.items()))


def run_with_written(
    model: nn.Module, anatomy: Anatomy, token_ids: Sequence[int], materials: tuple[str, ...]
) -> tuple[dict[str, dict[int, Floats]], dict[int, AttentionCall]]:
    """Likewise, with what the heads write."""
    arrays, records = run_with_calls(model, anatomy, token_ids, materials)
    return arrays, with_all_written(model, anatomy, records)


def attention_calls_of(
    model: nn.Module, anatomy: Anatomy, token_ids: Sequence[int], *, cross: bool = False
) -> dict[int, AttentionCall]:
    """Layer -> the queries, keys and values of one pass; cross: of the attention to the source."""
    records: dict[int, AttentionCall] = {}
    recording = recording_cross_calls if cross else recording_calls
    with recording(model, anatomy, records.__setitem__):
        run(model, anatomy, token_ids, ())
    return records


def with_all_written(
    model: nn.Module, anatomy: Anatomy, records: dict[int, AttentionCall], *, cross: bool = False
) -> dict[int, AttentionCall]:
    """Every layer's record `with_written`."""
    return {
        layer: with_written(model, anatomy, layer, record, cross=cross)
        for layer, record in records.items()
    }


def with_written(
    model: nn.Module, anatomy: Anatomy, layer: int, record: AttentionCall, *, cross: bool = False
) -> AttentionCall:
    """The record with the norms of what its heads write, where that was proven."""
    path = (anatomy.cross_calls if cross else anatomy.calls)[layer].projection
    if path is None:
        return record
    with inference_mode(model.get_submodule(path)):
        return replace(record, written=written_norms(model, path, record, anatomy.stream.dtype))


@contextmanager
def recording_calls(
    model: nn.Module, anatomy: Anatomy, take: Callable[[int, AttentionCall], None]
) -> Iterator[None]:
    """Call `take(layer, record)` for every proven block's attention while the model runs.

    What its heads write is left for after the pass: see `with_written`.
    """
    masks, rotary = MaskCache(), RotaryCache()
    pairs: dict[int, Pair] = {}
    given = {n: place.angles for n, place in anatomy.calls.items() if place.angles is not None}

    def enter(layer: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        arguments: dict[Any, Any] = {**dict(enumerate(args)), **kwargs}
        _hold(pairs, layer, arguments.get(given[layer].argument))

    def leave(layer: int, _args: tuple[Any, ...], _kwargs: dict[str, Any], output: Any) -> None:
        _hold(pairs, layer, output)

    def tell(layer: int, call: KernelCall) -> None:
        if layer in anatomy.calls:
            record = attention_call_of(call, masks)
            if layer in given:
                record = rotary.give(record, given[layer], pairs.pop(layer))
            take(layer, record)

    modules = {n: site(model, anatomy.blocks[n], angles.path) for n, angles in given.items()}
    taking = {n: module for n, module in modules.items() if given[n].argument is not None}
    giving = {n: module for n, module in modules.items() if given[n].argument is None}
    with (
        forward_pre_hooks(taking, enter),
        forward_hooks(giving, leave),
        listening(modules_of_blocks(model, anatomy), tell),
    ):
        yield


@contextmanager
def recording_cross_calls(
    model: nn.Module, anatomy: Anatomy, take: Callable[[int, AttentionCall], None]
) -> Iterator[None]:
    """Call `take(layer, record)` for every proven attention to the source, as recording_calls."""
    masks = MaskCache()

    def tell(layer: int, call: KernelCall) -> None:
        if layer in anatomy.cross_calls:
            take(layer, attention_call_of(call, masks, n_keys=call.key.shape[2]))

    with listening(modules_of_blocks(model, anatomy, cross=True), tell):
        yield


def modules_of_blocks(
    model: nn.Module, anatomy: Anatomy, *, cross: bool = False
) -> dict[nn.Module, tuple[int, ...]]:
    """Every module inside a block -> that block's layer; of those that are shared, every layer.

    cross  those of its attention to a source, and not all the others
    """
    layers: dict[nn.Module, tuple[int, ...]] = {}
    for layer, block in enumerate(anatomy.blocks):
        for path, module in modules_of(model, block).items():
            if _is_in(path, anatomy.cross.get(layer)) is cross:
                layers[module] = (*layers.get(module, ()), layer)
    return layers


def _is_in(path: str, whole: str | None) -> bool:
    return whole is not None and f"{path}.".startswith(f"{whole}.")


def _hold(pairs: dict[int, Pair], layer: int, value: Any) -> None:
    pair = pair_in(value)
    if pair is None:
        raise MissingError(
            f"the rotary embedding of layer {layer}", because="its angles are not where they were"
        )
    pairs[layer] = pair

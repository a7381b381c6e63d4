"""One block of every kind, watched on one text: what the rules of parts look at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor, nn

from ..core.errors import MissingError
from .block_calls import BlockCalls, block_calls
from .blocks import BlockList
from .cross_attention import cross_attention_path
from .forward import as_input, forward, logits_of
from .hooks import ModuleCall, module_calls
from .sites import calls_of, modules_of
from .structure import Block

__all__ = [
    "WatchedKinds", "first_of_each_kind", "kinds_seen", "modules_of_kinds", "not_run",
    "watch_kinds",
]  # fmt: skip


@dataclass(frozen=True)
class WatchedKinds:
    """What was seen in one pass.

    watched_blocks  layer of the block that was watched -> what was seen of it
    alike           layer of the block that was watched -> all layers of its kind
    logits          (T, V) of the pass
    """

    watched_blocks: Mapping[int, BlockCalls]
    alike: Mapping[int, Sequence[int]]
    logits: Tensor


def watch_kinds(
    model: nn.Module, blocks: BlockList, token_ids: Sequence[int], which: int
) -> WatchedKinds:
    """Of each kind of block (same classes, same shapes), number `which` is watched."""
    with module_calls(modules_of_kinds(model, blocks, which), arguments=True) as seen:
        logits = logits_of(forward(model, as_input(model, token_ids)))[0]
    found = kinds_seen(model, blocks, seen, logits, which)
    if found is None:
        raise not_run()
    return found


def modules_of_kinds(model: nn.Module, blocks: BlockList, which: int) -> dict[str, nn.Module]:
    """Path -> module of number `which` of each kind of block, and of everything in it."""
    layers = [alike[which] for alike in _layers_by_kind(model, blocks)]
    return {
        path: part for n in layers for path, part in modules_of(model, blocks.blocks[n]).items()
    }


def kinds_seen(
    model: nn.Module, blocks: BlockList, seen: Sequence[ModuleCall], logits: Tensor, which: int
) -> WatchedKinds | None:
    """What calls that were seen show of each kind's block number `which`; None where one is not.

    logits  (T, V) of the pass
    """
    alike = {layers[which]: layers for layers in _layers_by_kind(model, blocks)}
    watched_blocks = {}
    for layer in alike:
        block = blocks.blocks[layer]
        own = calls_of(block, seen)
        if not own or len(own) == len(block.roots) < len(modules_of(model, block)):
            return None
        watched = block_calls(block, blocks.entry, blocks.exit, blocks.layout, own)
        watched_blocks[layer] = replace(watched, cross=cross_attention_path(model, watched.below))
    mixers = frozenset(
        kind for watched in watched_blocks.values() for kind in watched.mixing_classes()
    )
    told = {layer: replace(watched, mixers=mixers) for layer, watched in watched_blocks.items()}
    return WatchedKinds(told, alike, logits)


def not_run() -> MissingError:
    """What is said of a model that goes by a block of which it was seen to run one of the kind."""
    return MissingError(
        "the parts of a block", because="a block that runs on one text is not run on another, or "
        "runs none of the modules in it", fix="this architecture is not supported",
    )  # fmt: skip


def first_of_each_kind(model: nn.Module, items: Iterable[str]) -> dict[str, nn.Module]:
    """The parts of the first block of every kind, of those at these paths."""
    first: dict[Any, str] = {}
    for path in items:
        first.setdefault((path.rpartition(".")[0], _kind(model.get_submodule(path))), path)
    return {
        name: part
        for path in first.values()
        for name, part in modules_of(model, Block(path)).items()
    }


def _layers_by_kind(model: nn.Module, blocks: BlockList) -> list[list[int]]:
    """The layers of each kind, of those that run on a text."""
    by_kind: dict[Any, list[int]] = {}
    for layer, call in enumerate(blocks.calls):
        if call is not None:
            kind = tuple(_kind(model.get_submodule(path)) for path in blocks.blocks[layer].roots)
            by_kind.setdefault(kind, []).append(layer)
    return list(by_kind.values())


def _kind(block: nn.Module) -> Any:
    """Blocks of the same classes and shapes are of one kind."""
    modules = tuple((name, type(part).__qualname__) for name, part in block.named_modules())
    return modules, tuple((name, tuple(p.shape)) for name, p in block.named_parameters())

"""One block of every kind, watched on one text: what the rules of parts look at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor, nn

from .block_calls import BlockCalls, block_calls
from .blocks import BlockList
from .cross_attention import cross_attention_path
from .forward import as_input, forward, logits_of
from .sites import calls_of, modules_of
from .structure import Block
from .watch import Call, calls

__all__ = ["Kinds", "chosen", "firsts", "kinds_seen", "watch_kinds"]


@dataclass(frozen=True)
class Kinds:
    """What was seen in one pass.

    looks   layer of the block that was watched -> what was seen of it
    alike   layer of the block that was watched -> all layers of its kind
    logits  (T, V) of the pass
    """

    looks: Mapping[int, BlockCalls]
    alike: Mapping[int, Sequence[int]]
    logits: Tensor


def watch_kinds(model: nn.Module, blocks: BlockList, token_ids: Sequence[int], which: int) -> Kinds:
    """Of each kind of block (same classes, same shapes), number `which` is watched."""
    with calls(chosen(model, blocks, which), arguments=True) as seen:
        logits = logits_of(forward(model, as_input(model, token_ids)))[0]
    found = kinds_seen(model, blocks, seen, logits, which)
    assert found is not None
    return found


def chosen(model: nn.Module, blocks: BlockList, which: int) -> dict[str, nn.Module]:
    """Path -> module of number `which` of each kind of block, and of everything in it."""
    layers = [alike[which] for alike in _layers_by_kind(model, blocks)]
    return {
        path: part for n in layers for path, part in modules_of(model, blocks.blocks[n]).items()
    }


def kinds_seen(
    model: nn.Module, blocks: BlockList, seen: Sequence[Call], logits: Tensor, which: int
) -> Kinds | None:
    """What calls that were seen show of each kind's block number `which`; None where one is not.

    logits  (T, V) of the pass
    """
    alike = {layers[which]: layers for layers in _layers_by_kind(model, blocks)}
    looks = {}
    for layer in alike:
        block = blocks.blocks[layer]
        own = calls_of(block, seen)
        if not own or len(own) == len(block.roots) < len(modules_of(model, block)):
            return None
        look = block_calls(block, blocks.entry, blocks.exit, blocks.layout, own)
        looks[layer] = replace(look, cross=cross_attention_path(model, look.below))
    mixers = frozenset(kind for look in looks.values() for kind in look.mixing_classes())
    told = {layer: replace(look, mixers=mixers) for layer, look in looks.items()}
    return Kinds(told, alike, logits)


def firsts(model: nn.Module, items: Iterable[str]) -> dict[str, nn.Module]:
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

"""One block of every kind, watched on one text: what the rules of parts look at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor, nn

from .blocks import BlockList
from .forward import as_input, forward, logits_of
from .look import Look
from .watch import calls

__all__ = ["Kinds", "watch_kinds"]


@dataclass(frozen=True)
class Kinds:
    """What was seen in one pass.

    looks   layer of the block that was watched -> what was seen of it
    alike   layer of the block that was watched -> all layers of its kind
    logits  (T, V) of the pass
    """

    looks: Mapping[int, Look]
    alike: Mapping[int, Sequence[int]]
    logits: Tensor


def watch_kinds(model: nn.Module, blocks: BlockList, token_ids: Sequence[int], which: int) -> Kinds:
    """Of each kind of block (same classes, same shapes), number `which` is watched."""
    alike = {layers[which]: layers for layers in _layers_by_kind(model, blocks)}
    modules: dict[str, nn.Module] = {}
    for layer in alike:
        path = blocks.paths[layer]
        for name, part in model.get_submodule(path).named_modules():
            modules[f"{path}.{name}" if name else path] = part
    with calls(modules, arguments=True) as seen:
        logits = logits_of(forward(model, as_input(model, token_ids)))[0]
    looks = {}
    for layer in alike:
        path = blocks.paths[layer]
        own = [call for call in seen if call.path == path or call.path.startswith(path + ".")]
        looks[layer] = Look(path, blocks.entry, blocks.exit, blocks.layout, own, len(token_ids))
    mixers = frozenset(kind for look in looks.values() for kind in look.mixing_classes())
    told = {layer: replace(look, mixers=mixers) for layer, look in looks.items()}
    return Kinds(told, alike, logits)


def _layers_by_kind(model: nn.Module, blocks: BlockList) -> Iterable[list[int]]:
    """The layers of each kind, of those that run on a text."""
    by_kind: dict[Any, list[int]] = {}
    for layer, call in enumerate(blocks.calls):
        if call is not None:
            block = model.get_submodule(blocks.paths[layer])
            modules = tuple((name, type(part).__qualname__) for name, part in block.named_modules())
            shapes = tuple((name, tuple(p.shape)) for name, p in block.named_parameters())
            by_kind.setdefault((modules, shapes), []).append(layer)
    return by_kind.values()

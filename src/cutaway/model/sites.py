"""Which calls of which modules make up a block: where hooks go, and what they saw of it.

Most blocks are one module called once. Some models call one module again and again, each call a
block; in others the code of the model calls a block's parts one by one, and no module is it.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from .hooks import ModuleCall, Site, Turn
from .structure import Block

__all__ = ["calls_of", "first_of", "last_of", "modules_of", "site"]


def first_of(model: nn.Module, block: Block) -> Site:
    """Where a block's state comes in."""
    return site(model, block, block.roots[0])


def last_of(model: nn.Module, block: Block) -> Site:
    """Where a block's state goes out."""
    return site(model, block, block.roots[-1])


def site(model: nn.Module, block: Block, path: str) -> Site:
    """A module as this block calls it, whatever other blocks do."""
    module = model.get_submodule(path)
    if block.turns == 1 or not block.holds(path):
        return module
    return Turn(module, block.turn, block.turns)


def modules_of(model: nn.Module, block: Block) -> dict[str, nn.Module]:
    """Path -> every module in a block, its roots among them.

    >>> list(modules_of(model, anatomy.blocks[0]))[:2]  # doctest: +SKIP
    ['model.layers.0', 'model.layers.0.self_attn']
    """
    return {
        f"{root}.{name}" if name else root: module
        for root in block.roots
        for name, module in model.get_submodule(root).named_modules()
    }


def calls_of(block: Block, seen: Sequence[ModuleCall]) -> list[ModuleCall]:
    """The calls that belong to a block, of those of one pass: none where it was not called.

    A module may hang in several blocks, and be called by each.
    """
    begun = [call for call in seen if call.path == block.roots[0]]
    ended = [call for call in seen if call.path == block.roots[-1]]
    if len(begun) <= block.turn or len(ended) <= block.turn:
        return []
    start, end = begun[block.turn].start, ended[block.turn].end
    return [c for c in seen if start <= c.start and c.end <= end and block.holds(c.path)]

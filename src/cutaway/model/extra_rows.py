"""Blocks whose tensors hold other rows than the text's: padding, a learnt prefix, more streams."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from torch import Tensor, nn

from .blocks import BlockList, find_blocks
from .forward import as_input, forward
from .hooks import ModuleCall, module_calls
from .layout import Layout

__all__ = ["find_with_extra_rows"]


def find_with_extra_rows(
    model: nn.Module, seen: Sequence[ModuleCall], text: Sequence[int], other: Sequence[int]
) -> BlockList | None:
    """The blocks of a model that reads other rows with the text's, and which rows are the text's.

    seen   the calls of the outer modules on the text
    other  a text of another length

    None where no list of blocks hands on a tensor in which a token begins as one row.
    """
    blocks = find_blocks(model, seen, _any_rows)
    if blocks is None:
        return None
    changed = (text[1], *text[1:])
    before, after = _entering(model, blocks, text), _entering(model, blocks, changed)
    moved = (before != after).any(dim=-1).nonzero()[:, 0].tolist()
    if len(moved) != 1 or moved[0] + len(text) > len(before):
        return None
    per_token = {len(_entering(model, blocks, ids)) / len(ids) for ids in (text, other)}
    streams = per_token.pop() if len(per_token) == 1 else 1
    if not float(streams).is_integer():
        return None
    layout = replace(blocks.layout, lead=moved[0], streams=int(streams), has_extra_rows=True)
    return replace(blocks, layout=layout)


def _any_rows(tensor: Tensor) -> Layout | None:
    return Layout(0, 1, (tensor.shape[2],)) if tensor.dim() == 3 and len(tensor) == 1 else None


def _entering(model: nn.Module, blocks: BlockList, ids: Sequence[int]) -> Tensor:
    """(rows, width) what enters the first block."""
    path = blocks.called[0].path
    with module_calls({path: model.get_submodule(path)}) as seen:
        forward(model, as_input(model, ids))
    return blocks.layout.bare.rows(seen[0].inputs[blocks.entry.key])[0]

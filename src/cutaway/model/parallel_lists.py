"""Blocks that are no modules: the model's own code calls the parts of each, one by one.

The parts lie in parallel module lists (the attentions, the norms, the MLPs), or in items of a
list that are never called themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from torch import Tensor, nn

from .blocks import BlockList, handing_on, list_items, outer_modules
from .forward import as_input, forward
from .hooks import ModuleCall, module_calls
from .layout import Layout, layout_of, transposed_layout_of
from .structure import Block

__all__ = ["find_in_parallel_lists"]


def find_in_parallel_lists(
    model: nn.Module, seen: list[ModuleCall], token_ids: Sequence[int]
) -> tuple[BlockList, list[ModuleCall]] | None:
    """The blocks of a model whose parts are called one by one, and the calls of a pass.

    seen  the calls of the outer modules on the tokens

    None where no lists' parts hand one tensor on, those at one index to those at the next.
    """
    outer, met = outer_modules(model), {call.path for call in seen}
    deeper = {
        f"{path}.{name}": part
        for path in list_items(model, outer)
        if path not in met
        for name, part in model.get_submodule(path).named_children()
    }
    if deeper:
        with module_calls({**outer, **deeper}, arguments=True) as seen:
            forward(model, as_input(model, token_ids))

    def shape(tensor: Tensor) -> Layout | None:
        n = len(token_ids)
        return layout_of(tensor, n) or transposed_layout_of(tensor, n)

    for names, length in _parallel(model):
        spans = [_span(names, index, seen) for index in range(length)]
        whole = [span for span in spans if span is not None]
        if len(whole) == length:
            blocks, made = zip(*whole, strict=True)
            found = handing_on(blocks, made, shape)
            if found is not None:
                return found, seen
    return None


def _parallel(model: nn.Module) -> Iterator[tuple[list[str], int]]:
    """The paths of module lists of one length beside each other, and that length."""
    for path, module in model.named_modules():
        by_length: dict[int, list[str]] = {}
        for name, child in module.named_children():
            if isinstance(child, nn.ModuleList):
                by_length.setdefault(len(child), []).append(f"{path}.{name}".lstrip("."))
        for length, names in by_length.items():
            if length > 1:
                yield names, length


def _span(
    lists: Sequence[str], index: int, seen: Sequence[ModuleCall]
) -> tuple[Block, ModuleCall] | None:
    """What is called at one index of the lists, as one block and one call of it."""
    items = [f"{path}.{index}" for path in lists]
    own = [call for call in seen if any(f"{call.path}.".startswith(f"{i}.") for i in items)]
    outermost = [
        call for call in own if not any(o.start < call.start and call.end < o.end for o in own)
    ]
    members = tuple(call.path for call in outermost)
    if not members or len(set(members)) < len(members):
        return None
    first, last = outermost[0], outermost[-1]
    parent = lists[0].rpartition(".")[0]
    path = items[0] if len(items) == 1 else f"{parent}.*.{index}".lstrip(".")
    call = ModuleCall(
        path, first.module, first.start, last.end, first.inputs, last.outputs, first.args,
        first.kwargs,
    )  # fmt: skip
    return Block(path, members=members), call

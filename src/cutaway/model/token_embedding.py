"""Finding the token embedding, whose output `inputs_embeds` takes, or what a sound enters by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ..core.errors import MissingError
from .forward import as_input, forward, inference_mode, logits_of
from .hooks import ModuleCall, replaced_output
from .layout import Layout, Port, layout_of, tensors_in, transposed_layout_of

__all__ = ["find_embedding", "find_input_stage", "input_stage_layout"]


def find_embedding(
    model: nn.Module, calls: Sequence[ModuleCall], token_ids: Sequence[int], logits: Tensor
) -> str:
    """The path of the token embedding, which is upstream of the logits.

    Some models have several modules that take the ids (per-layer or n-gram tables), and some never
    call the module that `get_input_embeddings` names. So: a module that was called with the ids
    and holds no other such module, the named one before others.

    calls   the calls of one pass over token_ids, with their arguments
    logits  (T, V) of that pass
    """
    takers = [call for call in calls if _takes_ids(call, token_ids)]
    inner = [call for call in takers if not any(_holds(call, other) for other in takers)]
    named = getattr(model, "get_input_embeddings", lambda: None)()
    if len(inner) > 1:  # some count positions by the ids
        inner = [call for call in inner if _is_of_tokens(call, token_ids)] or inner
    if len(inner) == 1:
        return inner[0].path  # the ids reach the logits through nothing else
    for call in sorted(inner, key=lambda call: call.module is not named):
        if _reaches_logits(model, call, token_ids, logits):
            return call.path
    raise MissingError(
        "the token embedding",
        because="no module of this model takes the token ids and gives a row for each that "
        "reaches the logits",
        fix="this architecture is not supported",
    )


def _takes_ids(call: ModuleCall, token_ids: Sequence[int]) -> bool:
    values = (*call.args, *call.kwargs.values())
    lengths = {value.numel() for value in values if _are_ids(value, token_ids)}
    return any(
        layout_of(output, n) is not None for output in call.outputs.values() for n in lengths
    )


def _are_ids(value: Any, token_ids: Sequence[int]) -> bool:
    """Whether a value is the ids, be it with a prefix or padding around them."""
    if not isinstance(value, Tensor) or value.dtype not in (torch.int32, torch.int64):
        return False
    found, n = value.flatten().tolist(), len(token_ids)
    starts = range(len(found) - n + 1)
    return any(found[start : start + n] == list(token_ids) for start in starts)


def _is_of_tokens(call: ModuleCall, token_ids: Sequence[int]) -> bool:
    """Whether a token's row is its own: a text read backwards has the same rows backwards."""
    values: dict[int | str, Any] = dict([*enumerate(call.args), *call.kwargs.items()])
    key = next(key for key, value in values.items() if _are_ids(value, token_ids))
    n = values[key].numel()
    port, rows = next((k, t) for k, t in call.outputs.items() if layout_of(t, n) is not None)
    args, kwargs = Port(key).give(call.args, call.kwargs, values[key].flip(-1))
    again = Port(port).read(call.module(*args, **kwargs))
    layout = layout_of(rows, n)
    assert layout is not None
    return torch.equal(again.flip(layout.positions), rows)


def _holds(outer: ModuleCall, inner: ModuleCall) -> bool:
    return outer.start < inner.start and inner.end < outer.end


def _reaches_logits(
    model: nn.Module, call: ModuleCall, token_ids: Sequence[int], logits: Tensor
) -> bool:
    """Whether another value of the last row changes the last logits."""

    def change(output: Any) -> Any:
        key, rows = next(tensors_in(output))
        changed = rows.clone()
        changed[..., -1, :] = -2 * changed[..., -1, :] + 0.5
        return Port(key).write(output, changed)

    with replaced_output(call.module, change):
        other = logits_of(forward(model, as_input(model, token_ids)))[0]
    return not torch.equal(other[-1], logits[-1])


def find_input_stage(calls: Sequence[ModuleCall], n_frames: int, before: int) -> str:
    """The path of the first module that gives a row for each frame of a sound.

    In most models it is the last convolution over the sound: what comes after it (an activation, a
    projection, positions) keeps the rows.

    calls   the calls of one pass over a sound
    before  when the first block began
    """
    giving = [
        call
        for call in calls
        if call.end < before and call.inputs
        and any(_rows_of(output, n_frames) for output in call.outputs.values())
    ]  # fmt: skip
    if not giving:
        raise MissingError(
            "the input stage", because="no module before this encoder's blocks gives a row for "
            "each of its frames",
        )  # fmt: skip
    return min(giving, key=lambda call: call.end).path


def input_stage_layout(model: nn.Module, path: str, token_ids: Sequence[int]) -> Layout:
    """The axes of what that module gives, for frames that stand for these ids.

    Raises MissingError where there are as many frames as numbers in each.
    """
    held: list[Any] = []
    with inference_mode(model), replaced_output(model.get_submodule(path), held.append):
        forward(model, as_input(model, token_ids))
    output = next(tensor for _, tensor in tensors_in(held[0]))
    known = _rows_of(output, len(token_ids))
    if len(known) != 1:
        raise MissingError("the input stage", because="its frames can't be told from its numbers")
    return known[0]


def _rows_of(tensor: Tensor, n: int) -> list[Layout]:
    """The axes it may have, with a row for each of n frames: in some, a column."""
    found = (layout_of(tensor, n), transposed_layout_of(tensor, n))
    return [layout for layout in found if layout is not None]

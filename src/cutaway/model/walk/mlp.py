"""The MLP of one block at one position: its products and its activation, or its experts."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from ...core.errors import MissingError
from ..block_calls import BlockCalls
from ..fused_experts import expert_arguments
from ..hooks import ModuleCall
from ..routing import weights_again
from ..structure import Block, Experts
from .attention import Branch
from .formulas import activation, linear
from .links import norm_into
from .position import BlockPosition
from .step_log import RecordedStep

__all__ = ["mlp_steps"]

STAGE = "mlp"


def mlp_steps(here: BlockPosition, block: Block, state: Tensor, source: str) -> Branch:
    """Every step from the state the MLP reads to what it adds.

    state   (T, width) the state between attention and MLP, or before a parallel block
    source  the step that has it
    """
    log, watched, at = here.log, here.watched, here.at
    if block.experts is not None:
        return _mixture_steps(here, block, block.experts, state, source)
    down = next((call for call in watched.below if call.path == block.down), None)
    if down is None:
        raise MissingError("the MLP", because="its down-projection was not found")
    neurons = watched.taken(down)[0][1]
    firsts = _firsts(watched, block, down, neurons.shape[1])
    taken = watched.taken(firsts[0])[0][1]
    shared = next((s.name for s in log.steps if s.name == "attention_norm"), None)
    if shared is not None and _is_shared(here, taken):
        before = shared
    else:
        before = norm_into(here, taken, STAGE, "mlp_norm", source, state)
    _activate(here, firsts, neurons, before)
    made = watched.made(down)[0]
    found = linear(down.module, neurons[at : at + 1])
    if found is None:
        raise MissingError(f"the weights of {down.path}", because="they are no plain matrix")
    log.add(RecordedStep(
        "mlp_output", "Bring the neurons down", STAGE, found[0], made[at], ("channel",),
        inputs=("neurons",), module=(down.path, down.module), recomputed=found[1][0],
    ))  # fmt: skip
    return Branch(made, "mlp_output")


def _firsts(watched: BlockCalls, block: Block, down: ModuleCall, width: int) -> list[ModuleCall]:
    """The products that come before the activation: up, or up and gate, or both in one."""
    inside = tuple(f"{path}." for path in (block.attention, block.cross) if path)
    found = [
        call
        for call in watched.below
        if call.end < down.start
        and not f"{call.path}.".startswith(inside)
        and watched.made(call)
        and watched.made(call)[0].shape[1] in (width, 2 * width)
        and watched.is_linear(call)
    ]
    if not found:
        raise MissingError("the MLP's first product", because="no linear module gives its neurons")
    return found


#: What a first product gives: its name, its call, its (T, neurons) rows, which half they are.
_Product = tuple[str, ModuleCall, Tensor, str]


def _activate(here: BlockPosition, firsts: list[ModuleCall], neurons: Tensor, before: str) -> None:
    """The first products and the function that makes neurons of them."""
    at = here.at
    for parts in _products(here, firsts, neurons.shape[1]):
        gate = parts[0][2][at] if len(parts) == 2 else None
        found = activation(neurons[at], parts[-1][2][at], gate)
        if found is not None:
            break
    else:
        raise MissingError("the activation function", because="no known one gives the neurons")
    for part in parts:
        _first(here, part, before)
    here.log.add(RecordedStep(
        "neurons", "Activate the neurons", STAGE, found[0], neurons[at], ("neuron",),
        inputs=tuple(part[0] for part in parts), recomputed=found[1],
    ))  # fmt: skip


def _products(
    here: BlockPosition, firsts: list[ModuleCall], width: int
) -> Iterator[list[_Product]]:
    """What may be up, or gate and up: two products in either order, or the halves of one."""
    made = [here.watched.made(call)[0] for call in firsts]
    if len(firsts) == 1 and made[0].shape[1] == 2 * width:
        halves = (made[0][:, :width], made[0][:, width:])
        for gate, up in ((0, 1), (1, 0)):
            yield [
                ("gate", firsts[0], halves[gate], f", half {gate}"),
                ("up", firsts[0], halves[up], f", half {up}"),
            ]
    elif len(firsts) == 2:
        for gate, up in ((0, 1), (1, 0)):
            yield [("gate", firsts[gate], made[gate], ""), ("up", firsts[up], made[up], "")]
    else:
        yield [("up", firsts[0], made[0], "")]


def _first(here: BlockPosition, product: _Product, before: str) -> None:
    """One of the first products as a step."""
    (name, call, rows, words), at = product, here.at
    found = linear(call.module, here.watched.taken(call)[0][1][at : at + 1])
    if found is None:
        raise MissingError(f"the weights of {call.path}", because="they are no plain matrix")
    width = rows.shape[1]
    recomputed = found[1][0]
    if len(recomputed) != width:
        recomputed = recomputed[width:] if words.endswith("1") else recomputed[:width]
    titles = {"up": "Go up to the neurons", "gate": "Open or close each neuron"}
    here.log.add(RecordedStep(
        name, titles[name], STAGE, found[0] + words, rows[at], ("neuron",), inputs=(before,),
        module=(call.path, call.module), recomputed=recomputed,
    ))  # fmt: skip


def _is_shared(here: BlockPosition, taken: Tensor) -> bool:
    """Whether the MLP of a parallel block reads the same normed state as the attention."""
    step = next(s for s in here.log.steps if s.name == "attention_norm")
    return step.values.shape == tuple(taken[here.at].shape) and bool(
        (torch.as_tensor(step.values) == taken[here.at].detach().cpu().float()).all()
    )


def _mixture_steps(
    here: BlockPosition, block: Block, experts: Experts, state: Tensor, source: str
) -> Branch:
    """The router's choice at this position and what the mixture adds."""
    log, watched, at = here.log, here.watched, here.at
    fused = next(call for call in watched.below if call.path == experts.path)
    hidden, ids, weights = expert_arguments(fused.args, fused.kwargs)
    rows = hidden.reshape(-1, hidden.shape[-1])
    before = norm_into(here, rows, STAGE, "mlp_norm", source, state)
    how, recomputed = "the router's share of each chosen expert", None
    routing = block.routing
    if routing is not None and routing.scores is not None:
        how = f"in proportion to the {routing.scores.function} of what {routing.scores.path} gives"
        recomputed = weights_again(watched, routing)
    log.add(RecordedStep(
        "router", "Choose the experts", STAGE, how, weights[at], ("expert",), inputs=(before,),
        ids=[int(i) for i in ids[at]], recomputed=None if recomputed is None else recomputed[at],
    ))  # fmt: skip
    outer = next((call for call in watched.below if call.path == block.mlp), None)
    made = watched.made(outer)[0] if outer is not None and watched.made(outer) else None
    if made is None or made.shape != state.shape:
        raise MissingError("what the mixture adds", because="its module gives no state's width")
    log.add(RecordedStep(
        "mlp_output", "Sum of the chosen experts", STAGE, "recorded from the module", made[at],
        ("channel",), inputs=("router",),
    ))  # fmt: skip
    return Branch(made, "mlp_output")

"""The MLP of one block at one position, and the sums that carry the state on."""

from __future__ import annotations

import torch
from torch import Tensor

from ...core.errors import MissingError
from ..block_calls import BlockCalls
from ..experts import arguments
from ..fit import exactly, fit_scale, same
from ..routing import weights_again
from ..structure import Block
from ..watch import Call
from .attention import Attended
from .formulas import activation, gap, linear, norm
from .links import norm_into
from .log import Log

__all__ = ["add_to", "mlp_steps"]

STAGE = "mlp"


def mlp_steps(
    log: Log, look: BlockCalls, block: Block, state: Tensor, source: str, at: int
) -> Attended:
    """Every step from the state the MLP reads to what it adds.

    state   (T, width) the state between attention and MLP, or before a parallel block
    source  the step that has it
    """
    if block.experts is not None:
        return _mixture_steps(log, look, block, state, source, at)
    down = next((call for call in look.below if call.path == block.down), None)
    if down is None:
        raise MissingError("the MLP", because="its down-projection was not found")
    neurons = look.taken(down)[0][1]
    firsts = _firsts(look, block, down, neurons.shape[1])
    taken = look.taken(firsts[0])[0][1]
    shared = next((s.name for s in log.steps if s.name == "attention_norm"), None)
    if shared is not None and _is_shared(taken, log, at):
        before = shared
    else:
        before = norm_into(log, look, taken, at, STAGE, "mlp_norm", source, state)
    _activate(log, look, firsts, neurons, before, at)
    made = look.made(down)[0]
    found = linear(down.module, neurons[at : at + 1])
    if found is None:
        raise MissingError(f"the weights of {down.path}", because="they are no plain matrix")
    log.add(
        "mlp_output", "Bring the neurons down", STAGE, found[0], made[at], ("channel",),
        inputs=("neurons",), module=(down.path, down.module), again=found[1][0],
    )  # fmt: skip
    return Attended(made, "mlp_output")


def add_to(
    log: Log, look: BlockCalls, name: str, title: str, stage: str, state: Tensor, source: str,
    branches: list[Attended], total: Tensor, at: int,
) -> None:  # fmt: skip
    """The residual addition: state + branches == total, each branch possibly normed or scaled."""
    branches = [_renormed(log, look, branch, stage, at) for branch in branches]
    rows = [exactly(branch.rows) for branch in branches]
    again = exactly(state) + torch.stack(rows).sum(0)
    after = _norm_after(look, again, total, at)
    if after is not None:
        normed, (how, normalised) = after
        log.add(
            f"{name}_sum", title, stage, "state + " + _listed(branches),
            look.taken(normed)[0][1][at], ("channel",),
            inputs=(source, *(branch.step for branch in branches)), again=again[at],
        )  # fmt: skip
        log.add(
            name, "Normalise the sum", stage, how, total[at], ("channel",),
            inputs=(f"{name}_sum",), module=(normed.path, normed.module), again=normalised[0],
        )  # fmt: skip
        return
    words = "state + " + _listed(branches)
    if gap(again[at], total[at]) > 1e-5 and len(rows) == 1:
        scale = fit_scale(branches[0].rows, total - state)
        if scale is not None:
            again, words = exactly(state) + rows[0] * scale.factor, f"{words} {scale}"
    log.add(
        name, title, stage, words, total[at], ("channel",),
        inputs=(source, *(branch.step for branch in branches)), again=again[at],
    )  # fmt: skip


def _listed(branches: list[Attended]) -> str:
    return " + ".join(branch.step.replace("_", " ") for branch in branches)


def _norm_after(
    look: BlockCalls, summed: Tensor, total: Tensor, at: int
) -> tuple[Call, tuple[str, Tensor]] | None:
    """The norm that takes the sum, in a post-norm block, and its formula; None where none does."""
    for call in look.below:
        taken = [rows for _, rows in look.taken(call)]
        if any(call.module.children()) or len(taken) != 1 or taken[0].shape != summed.shape:
            continue
        if not any(same(made, total) for made in look.made(call)):
            continue
        found = norm(call.module, summed[at : at + 1], total[at : at + 1])
        if found is not None and not same(taken[0], total):
            return call, found
    return None


def _renormed(log: Log, look: BlockCalls, branch: Attended, stage: str, at: int) -> Attended:
    """The branch after a norm of its own, where a block norms what it adds (Gemma 2)."""
    for call in look.below:
        rows = [row for _, row in look.taken(call)]
        if len(rows) != 1 or not same(rows[0], branch.rows) or any(call.module.children()):
            continue
        made = look.made(call)
        if not made or made[0].shape != branch.rows.shape or same(made[0], branch.rows):
            continue
        found = norm(call.module, rows[0][at : at + 1], made[0][at : at + 1])
        if found is None:
            continue
        name = f"{branch.step}_norm"
        log.add(
            name, "Normalise what is added", stage, found[0], made[0][at], ("channel",),
            inputs=(branch.step,), module=(call.path, call.module), again=found[1][0],
        )  # fmt: skip
        return Attended(made[0], name)
    return branch


def _firsts(look: BlockCalls, block: Block, down: Call, width: int) -> list[Call]:
    """The products that come before the activation: up, or up and gate, or both in one."""
    inside = tuple(f"{path}." for path in (block.attention, block.cross) if path)
    found = [
        call
        for call in look.below
        if call.end < down.start
        and not f"{call.path}.".startswith(inside)
        and look.made(call)
        and look.made(call)[0].shape[1] in (width, 2 * width)
        and look.is_linear(call)
    ]
    if not found:
        raise MissingError("the MLP's first product", because="no linear module gives its neurons")
    return found


def _activate(
    log: Log, look: BlockCalls, firsts: list[Call], neurons: Tensor, before: str, at: int
) -> None:
    """The first products and the function that makes neurons of them."""
    width = neurons.shape[1]
    made = [look.made(call)[0] for call in firsts]
    if len(firsts) == 1 and made[0].shape[1] == 2 * width:
        halves = [(made[0][:, :width], 0), (made[0][:, width:], 1)]
        pairs = [(halves[0], halves[1]), (halves[1], halves[0])]
        options = [
            [("gate", firsts[0], gate, f", half {g}"), ("up", firsts[0], up, f", half {u}")]
            for (gate, g), (up, u) in pairs
        ]
    elif len(firsts) == 2:
        options = [
            [("gate", firsts[i], made[i], ""), ("up", firsts[1 - i], made[1 - i], "")]
            for i in (0, 1)
        ]
    else:
        options = [[("up", firsts[0], made[0], "")]]
    for parts in options:
        gate = parts[0][2][at] if len(parts) == 2 else None
        found = activation(neurons[at], parts[-1][2][at], gate)
        if found is not None:
            break
    else:
        raise MissingError("the activation function", because="no known one gives the neurons")
    for name, call, rows, words in parts:
        _first(log, look, name, call, rows, words, before, at)
    log.add(
        "neurons", "Activate the neurons", STAGE, found[0], neurons[at], ("neuron",),
        inputs=tuple(part[0] for part in parts), again=found[1],
    )  # fmt: skip


def _first(
    log: Log, look: BlockCalls, name: str, call: Call, rows: Tensor, words: str, before: str,
    at: int,
) -> None:  # fmt: skip
    found = linear(call.module, look.taken(call)[0][1][at : at + 1])
    if found is None:
        raise MissingError(f"the weights of {call.path}", because="they are no plain matrix")
    width = rows.shape[1]
    again = found[1][0]
    if len(again) != width:
        again = again[width:] if words.endswith("1") else again[:width]
    titles = {"up": "Go up to the neurons", "gate": "Open or close each neuron"}
    log.add(
        name, titles[name], STAGE, found[0] + words, rows[at], ("neuron",), inputs=(before,),
        module=(call.path, call.module), again=again,
    )  # fmt: skip


def _is_shared(taken: Tensor, log: Log, at: int) -> bool:
    """Whether the MLP of a parallel block reads the same normed state as the attention."""
    step = next(s for s in log.steps if s.name == "attention_norm")
    return step.values.shape == tuple(taken[at].shape) and bool(
        (torch.as_tensor(step.values) == taken[at].detach().cpu().float()).all()
    )


def _mixture_steps(
    log: Log, look: BlockCalls, block: Block, state: Tensor, source: str, at: int
) -> Attended:
    """The router's choice at this position and what the mixture adds."""
    assert block.experts is not None
    fused = next(call for call in look.below if call.path == block.experts.path)
    hidden, ids, weights = arguments(fused.args, fused.kwargs)
    rows = hidden.reshape(-1, hidden.shape[-1])
    before = norm_into(log, look, rows, at, STAGE, "mlp_norm", source, state)
    how, again = "the router's share of each chosen expert", None
    routing = block.routing
    if routing is not None and routing.scores is not None:
        how = f"in proportion to the {routing.scores.function} of what {routing.scores.path} gives"
        again = weights_again(look, routing)
    log.add(
        "router", "Choose the experts", STAGE, how, weights[at], ("expert",), inputs=(before,),
        ids=[int(i) for i in ids[at]], again=None if again is None else again[at],
    )  # fmt: skip
    outer = next((call for call in look.below if call.path == block.mlp), None)
    made = look.made(outer)[0] if outer is not None and look.made(outer) else None
    if made is None or made.shape != state.shape:
        raise MissingError("what the mixture adds", because="its module gives no state's width")
    log.add(
        "mlp_output", "Sum of the chosen experts", STAGE, "recorded from the module", made[at],
        ("channel",), inputs=("router",),
    )  # fmt: skip
    return Attended(made, "mlp_output")

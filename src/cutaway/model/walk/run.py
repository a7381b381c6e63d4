"""A walk through one block: the text is run once, watched, and every step is proven."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from ...core.errors import MissingError
from ...trace.attention import AttentionCall
from ...trace.source import Floats
from ...trace.trace import Trace
from ...trace.walk import Walk
from ..blocks import outer_modules
from ..fit import same
from ..forward import as_input, forward, resting
from ..look import Look
from ..structure import Anatomy, Block
from ..watch import Call, calls
from .attention import Attended, attention_steps
from .ends import embedding_steps, output_steps
from .log import Log
from .mlp import add_to, mlp_steps

__all__ = ["walk"]


def walk(
    model: nn.Module,
    anatomy: Anatomy,
    trace: Trace,
    layer: int,
    at: int,
    attention: Callable[[int], tuple[AttentionCall, Floats]],
) -> Walk:
    """The steps of position `at` through block `layer`, from its token to the next one.

    attention  layer -> its queries, keys and values, and (H, T, T) the weights of the model's own
               eager function; raises MissingError where it has none

    A part whose steps can't be proven is left out from that step on, and the walk says why.
    """
    if trace.card.is_masked:
        raise MissingError(
            "the walk", because="it goes from a token to the one that comes next, and this model "
            + ("classifies" if trace.card.task else "fills masks"),
            fix="see one head number by number: ct.attention(trace).neuron(layer, head)",
        )  # fmt: skip
    block = anatomy.blocks[layer]
    if block.members:
        raise MissingError(
            "the walk", because="no module is a block of this model: its code calls the parts of "
            "each one by one",
        )  # fmt: skip
    if block.turns > 1 or anatomy.stream.layout.others:
        raise MissingError(
            "the walk", because="its blocks are calls of one module, or hold other rows than the "
            "text's",
        )  # fmt: skip
    ids = trace.token_ids
    with resting(model):
        outer, inner, states = _watched(model, anatomy, block, trace.token_ids)
        log, refused = Log(), {}
        before = Look(
            block.path, anatomy.stream.entry, anatomy.stream.exit, anatomy.stream.layout, inner,
            len(trace.token_ids), cross=block.cross,
        )  # fmt: skip

        def part(name: str, act: Callable[[], None]) -> None:
            try:
                act()
            except MissingError as missing:
                refused[name] = str(missing)

        part("embedding", lambda: embedding_steps(log, anatomy, outer, ids, states[0], at))
        _stand(log, before, layer, at)
        _through(log, before, block, layer, at, attention, part)
        last = torch.from_numpy(trace.state(trace.n_layers - 1)[at].copy())
        log.add(
            "last", "After the last block", "output",
            f"the state after block {trace.n_layers - 1}", last, ("channel",),
            again=before.given[at] if layer == trace.n_layers - 1 else None,
        )  # fmt: skip
        drawn = trace.n_prompt - 1 <= at < trace.n_positions - 1  # a token was chosen there
        options = trace.options if drawn else {}
        if block.cross is not None and refused:
            refused["cross"] = (
                "the attention to the source comes between, and a walk goes through one text"
            )
        part("output", lambda: output_steps(log, model, anatomy, last, options))
    return Walk(at, layer, tuple(log.steps), refused)


def _watched(
    model: nn.Module, anatomy: Anatomy, block: Block, ids: tuple[int, ...]
) -> tuple[list[Call], list[Call], list[Tensor]]:
    """The calls before the blocks, those of one block, and the state that enters block 0."""
    first = anatomy.blocks[anatomy.stream.called[0]].path
    modules = dict(outer_modules(model))
    whole = model.get_submodule(block.path)
    modules |= {f"{block.path}.{n}" if n else block.path: m for n, m in whole.named_modules()}
    with calls(modules, arguments=True) as seen:
        forward(model, as_input(model, ids), logits_to_keep=1)
    entered = next(call for call in seen if call.path == first)
    state = anatomy.stream.layout.rows(entered.inputs[anatomy.stream.entry.key])[0]
    outer = [call for call in seen if call.end < entered.start]
    prefix = block.path + "."
    inner = [call for call in seen if call.path == block.path or call.path.startswith(prefix)]
    return outer, inner, [state]


def _stand(log: Log, look: Look, layer: int, at: int) -> None:
    """The state that enters the block."""
    source: tuple[str, ...] = ()
    again = None
    words = f"what came in and what {layer} blocks added to it"
    if layer == 0 and log.steps and log.steps[-1].name == "entering":
        words, source = "the state that entered", ("entering",)
        again = torch.as_tensor(log.steps[-1].values)
    log.add(
        "state_in", "Before the block", "attention", words, look.state[at], ("channel",),
        inputs=source, again=again,
    )  # fmt: skip


def _through(
    log: Log, look: Look, block: Block, layer: int, at: int,
    attention: Callable[[int], tuple[AttentionCall, Floats]],
    part: Callable[[str, Callable[[], None]], None],
) -> None:  # fmt: skip
    """Attention, the sum after it, the MLP, and the sum after that."""
    added: list[Attended] = []

    def attend() -> None:
        if block.attention is None:
            raise MissingError("the attention", because="this block has none")
        call, weights = attention(layer)
        row = torch.from_numpy(weights[:, at, : at + 1].copy())
        added.append(attention_steps(log, look, block.attention, call, row, at))

    part("attention", attend)
    inside = _inside(look, block)
    if inside is not None:

        def sum_up() -> None:
            if not added:
                raise MissingError("the state between", because="the attention was not proven")
            add_to(
                log, look, "state_inside", "Add to the state", "attention", look.state,
                "state_in", added, inside, at,
            )  # fmt: skip

        part("state_inside", sum_up)
        if not any(step.name == "state_inside" for step in log.steps):
            log.add(
                "state_inside", "Between attention and MLP", "attention",
                "recorded, not recomputed", inside[at], ("channel",),
            )  # fmt: skip
    base, source = (look.state, "state_in") if inside is None else (inside, "state_inside")
    came: list[Attended] = []
    part("mlp", lambda: came.append(mlp_steps(log, look, block, base, source, at)))

    def finish() -> None:
        branches = came if inside is not None else [*added, *came]
        if not came or (inside is None and not added):
            raise MissingError("the state after the block", because="a part was not proven")
        add_to(
            log, look, "state_out", "Add to the state", "mlp", base, source, branches,
            look.given, at,
        )  # fmt: skip

    part("state_out", finish)
    if not any(step.name == "state_out" for step in log.steps):
        log.add(
            "state_out", "After the block", "mlp", "recorded, not recomputed", look.given[at],
            ("channel",),
        )  # fmt: skip


def _inside(look: Look, block: Block) -> Tensor | None:
    """(T, width) the state between attention and MLP, None in a parallel block."""
    if block.inside is None:
        return None
    reader = next(call for call in look.below if call.path == block.inside.path)
    rows = look.rows(reader.inputs[block.inside.entry.key])
    return None if rows is None or same(rows, look.state) else rows

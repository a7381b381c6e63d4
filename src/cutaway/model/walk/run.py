"""A walk through one block: the text is run once, watched, and every step is proven."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ...core.errors import MissingError
from ...trace.trace import Trace
from ...trace.walk import Walk
from ..block_calls import BlockCalls
from ..blocks import outer_modules
from ..conditioned import Decoder
from ..forward import as_input, forward, inference_mode, logits_of
from ..hooks import ModuleCall, module_calls
from ..sites import calls_of, modules_of
from ..structure import Anatomy, Block
from .attention import SeenAttention
from .block import BlockWalk, DecoderSource
from .embedding import embedding_steps
from .output import final_steps, output_steps
from .position import BlockPosition
from .step_log import RecordedStep, StepLog

__all__ = ["walk"]

Ask = Callable[[int], SeenAttention]


@dataclass(frozen=True, eq=False)
class _Seen:
    """One pass of the model, watched.

    before, after  the calls outside the blocks, before them and behind them
    inner          those of the block that is walked through
    state          (T, width) what enters block 0;  given  what the model answers
    """

    before: list[ModuleCall]
    after: list[ModuleCall]
    inner: list[ModuleCall]
    state: Tensor
    given: Tensor


def walk(
    model: nn.Module,
    anatomy: Anatomy,
    trace: Trace,
    layer: int,
    at: int,
    attention: Ask,
    crossing: Ask,
) -> Walk:
    """The steps of position `at` through block `layer`, from its token to what is said.

    attention  layer -> what its attention worked on; raises MissingError where that can't be had
    crossing   likewise, of a decoder's attention to its source

    A part whose steps can't be proven is left out from that step on, and the walk says why.
    """
    if anatomy.stream.layout.has_extra_rows:
        raise MissingError("the walk", because="its blocks hold other rows than the text's")
    block, ids = anatomy.blocks[layer], trace.token_ids
    with inference_mode(model):
        seen = _watched(model, anatomy, block, ids)
        if not seen.inner:
            raise MissingError("the walk", because=f"block {layer} is not run on this text")
        watched = BlockCalls(
            block.path, anatomy.stream.entry, anatomy.stream.exit, anatomy.stream.layout,
            seen.inner, len(ids), cross=block.cross, members=block.members,
        )  # fmt: skip
        log = StepLog()
        way = BlockWalk(
            log, watched, at, block, lambda: attention(layer), lambda: crossing(layer),
            causal=not trace.card.is_masked, source=_source_of(model, trace),
        )  # fmt: skip
        way.part(
            "embedding", lambda: embedding_steps(log, anatomy, seen.before, ids, seen.state, at)
        )
        _state_in(way, layer)
        way.add_steps()
        way.part("output", lambda: _after_the_blocks(way, model, anatomy, trace, seen, layer))
    return Walk(at, layer, tuple(log.steps), way.refused)


def _watched(model: nn.Module, anatomy: Anatomy, block: Block, ids: tuple[int, ...]) -> _Seen:
    """One pass, with the calls of one block and of what is around the blocks."""
    first, last = (anatomy.blocks[anatomy.stream.called[n]] for n in (0, -1))
    head = f"{anatomy.tail.unembedding if anatomy.has_language_head else ''}."
    modules = {
        path: module
        for path, module in outer_modules(model).items()
        if not head.startswith(f"{path}.") and not f"{path}.".startswith(head)
    }  # a head's logits, of every position of a masked model, would be copied for nothing
    modules |= modules_of(model, block)
    for end in (first, last):
        modules |= {path: model.get_submodule(path) for path in end.roots}
    with module_calls(modules, arguments=True) as seen:
        output = forward(model, as_input(model, ids), logits_to_keep=1)
    begun, ended = calls_of(first, seen), calls_of(last, seen)
    entered = begun[0].inputs[anatomy.stream.entry.key]
    return _Seen(
        before=[call for call in seen if call.end < begun[0].start],
        after=[call for call in seen if call.start > max(one.end for one in ended)],
        inner=calls_of(block, seen),
        state=anatomy.stream.layout.rows(entered)[0],
        given=logits_of(output)[0],
    )


def _source_of(model: nn.Module, trace: Trace) -> DecoderSource | None:
    """The source of a decoder."""
    if not isinstance(model, Decoder) or trace.encoder is None:
        return None
    return DecoderSource(model.encoded[0], trace.encoder.tokens.labels)


def _state_in(here: BlockPosition, layer: int) -> None:
    """The state that enters the block."""
    log = here.log
    source: tuple[str, ...] = ()
    recomputed = None
    words = f"what came in and what {layer} blocks made of it"
    if layer == 0 and log.steps and log.steps[-1].name == "entering":
        words, source = "the state that entered", ("entering",)
        recomputed = torch.as_tensor(log.steps[-1].values)
    log.add(RecordedStep(
        "state_in", "Before the block", "attention", words, here.watched.state[here.at],
        ("channel",), inputs=source, recomputed=recomputed,
    ))  # fmt: skip


def _after_the_blocks(
    here: BlockPosition, model: nn.Module, anatomy: Anatomy, trace: Trace, seen: _Seen, layer: int
) -> None:
    """The state after the last block, and what the model makes of it."""
    log, at = here.log, here.at
    states = torch.from_numpy(trace.state(trace.n_layers - 1).copy())
    top = trace.n_layers - 1
    log.add(RecordedStep(
        "last", "After the last block", "output", f"the state after block {top}", states[at],
        ("channel",), inputs=("state_out",) if layer == top else (),
        recomputed=here.watched.given[at] if layer == top else None,
    ))  # fmt: skip
    if anatomy.has_language_head:
        drawn = trace.n_prompt - 1 <= at < trace.n_positions - 1  # a token was chosen there
        options = trace.options if drawn and not trace.card.is_masked else {}
        masked = trace.card.is_masked
        output_steps(log, model, anatomy, states[at], options, masked=masked)
    elif not trace.card.task:
        final_steps(log, seen.after, states, seen.given, at)

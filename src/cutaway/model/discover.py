"""Finding the parts of any model by watching one short pass, and proving them on another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import cycle, islice

from torch import Tensor, nn

from ..core.errors import MissingError
from ..trace.card import Capability
from .block_kinds import first_of_each_kind, kinds_seen, watch_kinds
from .block_parts import Parts, find_parts
from .blocks import BlockList, find_blocks, list_items, outer_modules
from .conditioned import Decoder, GivenSounds
from .cross_attention import prove_cross_attention
from .extra_rows import find_with_extra_rows
from .forward import as_input, forward, has_logits, inference_mode, logits_of
from .hooks import ModuleCall, module_calls
from .layout import layout_of
from .parallel_lists import find_in_parallel_lists
from .proof import prove
from .structure import Anatomy, Stream, Tail
from .tail import replay
from .tail_chain import find_chain
from .token_embedding import find_embedding, find_input_stage

__all__ = ["discover"]

#: Lengths of the two trial texts: unlike, and unlike the sizes that models have.
_LENGTHS = (11, 13)


def discover(
    model: nn.Module, trial_ids: Sequence[int], *, texts: Sequence[tuple[int, ...]] = ()
) -> Anatomy:
    """Where everything is in a model, with what is proven of it.

    trial_ids  some different token ids of its vocabulary (8 or more are best)
    texts      instead of them two rows to read, as those that stand for sounds

    >>> discover(model, range(3, 15)).blocks[0].down  # doctest: +SKIP
    'model.layers.0.mlp.down_proj'

    The model is left as it was found. Raises MissingError that names the part that is not to be
    found, or not to be proven: the token embedding, the list of blocks, the tail.
    """
    first, second = texts or _texts(trial_ids)
    with inference_mode(model):
        seen = _first_pass(model, first)
        blocks, outer = _find_blocks(model, seen.outer, first, second)
        embedding = _find_embedding(model, outer, blocks, seen.logits, first)
        kinds = kinds_seen(model, blocks, seen.calls, seen.logits, which=0)
        if kinds is None:  # the pass went by the first block of a kind
            kinds = watch_kinds(model, blocks, first, which=0)
        parts = find_parts(blocks, kinds)
        stream = _stream(blocks)
        tails = _tails(model, blocks, parts, stream, outer, seen.logits, first)
        anatomy = Anatomy(
            embedding=embedding,
            blocks=parts.blocks,
            tail=tails[0],
            stream=stream,
            width=blocks.states(len(first))[-1].shape[-1],
            vocab=seen.logits.shape[-1],
            gated=parts.gated,
            capabilities={},
        )
        proven = prove(model, anatomy, blocks, parts, tails, second)
        if isinstance(model, Decoder):
            proven = prove_cross_attention(model, proven, second)
        return proven if seen.has_head else _silent(proven)


@dataclass(frozen=True)
class _FirstPass:
    """One pass over the text that parts are looked for on.

    outer     the calls of the modules outside the blocks and of the blocks
    calls     these, and those inside the first block of every kind
    logits    (T, V);  has_head  whether the model gives logits, and not its last states
    """

    outer: list[ModuleCall]
    calls: list[ModuleCall]
    logits: Tensor
    has_head: bool


def _first_pass(model: nn.Module, text: tuple[int, ...]) -> _FirstPass:
    outer = outer_modules(model)
    inner = first_of_each_kind(model, list_items(model, outer))
    with module_calls({**outer, **inner}, arguments=True) as every:
        output = forward(model, as_input(model, text))
        logits = logits_of(output)[0]
    return _FirstPass(
        [call for call in every if call.path in outer], every, logits, has_logits(output)
    )


def _find_embedding(
    model: nn.Module,
    outer: Sequence[ModuleCall],
    blocks: BlockList,
    logits: Tensor,
    text: tuple[int, ...],
) -> str:
    """The path of the token embedding; of an encoder of sounds that of its input stage."""
    if isinstance(model, GivenSounds):
        return find_input_stage(outer, len(text), blocks.called[0].start)
    return find_embedding(model, outer, text, logits)


def _tails(
    model: nn.Module,
    blocks: BlockList,
    parts: Parts,
    stream: Stream,
    outer: Sequence[ModuleCall],
    logits: Tensor,
    text: tuple[int, ...],
) -> list[Tail]:
    """The tails to be proven: the chain of modules where one is found, and the model's own code.

    Replayed on this text, proven on another: a tail that needs more than a state fails there.
    """
    replayed = replay(model, parts.blocks, stream, text)
    chain = find_chain(blocks, outer, logits, len(text))
    return [replayed] if chain is None else [chain, replayed]


def _texts(trial_ids: Sequence[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    first = tuple(islice(cycle(trial_ids), _LENGTHS[0]))
    return first, tuple(islice(cycle(reversed(trial_ids)), _LENGTHS[1]))


def _find_blocks(
    model: nn.Module, seen: list[ModuleCall], text: tuple[int, ...], other: tuple[int, ...]
) -> tuple[BlockList, list[ModuleCall]]:
    """The blocks, and the calls of the outer modules in the pass that they were seen in.

    Raises MissingError where nothing hands one state on, from one to the next.
    """
    blocks = find_blocks(model, seen, lambda tensor: layout_of(tensor, len(text)))
    if blocks is not None:
        return blocks, seen
    if (scattered := find_in_parallel_lists(model, seen, text)) is not None:
        return scattered
    if (surrounded := find_with_extra_rows(model, seen, text, other)) is not None:
        return surrounded, seen
    raise MissingError(
        "the list of blocks",
        because="no list of modules in this model hands one state on from one to the next, in "
        "which each token has a row",
        fix="this architecture is not supported",
    )


def _silent(anatomy: Anatomy) -> Anatomy:
    """The parts of a model without a language head: what was proven of its states holds."""
    none = Capability(False, "this model has no language head: it gives states, and no token")
    lacking = {"logit lens": none, "saliency": none}
    return replace(anatomy, capabilities={**anatomy.capabilities, **lacking})


def _stream(blocks: BlockList) -> Stream:
    return Stream(
        blocks.entry,
        blocks.exit,
        blocks.layout,
        blocks.called[-1].outputs[blocks.exit.key].dtype,
        tuple(layer for layer, call in enumerate(blocks.calls) if call is not None),
    )

"""Finding the parts of any model by watching one short pass, and proving them on another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import cycle, islice

from torch import nn

from ..core.errors import MissingError
from ..trace.card import Capability
from .blocks import BlockList, find_blocks, list_items, outer_modules
from .chain import find_chain
from .conditioned import Decoder, GivenSounds
from .cross_attention import prove_cross_attention
from .extra_rows import find_with_extra_rows
from .forward import as_input, forward, logits_of, resting, speaks
from .kinds import firsts, kinds_seen, watch_kinds
from .layout import layout_of
from .parallel_lists import find_in_parallel_lists
from .parts import find_parts
from .proof import prove
from .structure import Anatomy, Stream, Tail
from .tail import replay
from .token_embedding import find_embedding, find_front
from .watch import Call, calls

__all__ = ["discover"]

#: Lengths of the two probe texts: unlike, and unlike the sizes that models have.
_LENGTHS = (11, 13)


def discover(
    model: nn.Module, probe_ids: Sequence[int], *, texts: Sequence[tuple[int, ...]] = ()
) -> Anatomy:
    """Where everything is in a model, with what is proven of it.

    probe_ids  some different token ids of its vocabulary (8 or more are best)
    texts      instead of them two rows to read, as those that stand for sounds

    >>> discover(model, range(3, 15)).blocks[0].down  # doctest: +SKIP
    'model.layers.0.mlp.down_proj'

    The model is left as it was found. Raises MissingError that names the part that is not to be
    found, or not to be proven: the token embedding, the list of blocks, the tail.
    """
    first, second = texts or _texts(probe_ids)
    with resting(model):
        outer = outer_modules(model)
        with calls({**outer, **firsts(model, list_items(model, outer))}, arguments=True) as every:
            output = forward(model, as_input(model, first))
            logits = logits_of(output)[0]
        seen = [call for call in every if call.path in outer]
        blocks, seen = _find_blocks(model, seen, first, second)
        if isinstance(model, GivenSounds):
            embedding = find_front(seen, len(first), blocks.called[0].start)
        else:
            embedding = find_embedding(model, seen, first, logits)
        kinds = kinds_seen(model, blocks, every, logits, which=0)
        if kinds is None:  # a pass went by the first block of a kind
            kinds = watch_kinds(model, blocks, first, which=0)
        parts = find_parts(blocks, kinds)
        stream = _stream(blocks)
        chain = find_chain(blocks, seen, logits, len(first))
        # Replayed on this text, proven on another: a tail that needs more than a state fails there.
        replayed = replay(model, parts.blocks, stream, first)
        tails: list[Tail] = [replayed] if chain is None else [chain, replayed]
        anatomy = Anatomy(
            embedding=embedding,
            blocks=parts.blocks,
            tail=tails[0],
            stream=stream,
            width=blocks.states(len(first))[-1].shape[-1],
            vocab=logits.shape[-1],
            gated=parts.gated,
            capabilities={},
        )
        proven = prove(model, anatomy, blocks, parts, tails, second)
        if isinstance(model, Decoder):
            proven = prove_cross_attention(model, proven, second)
        return proven if speaks(output) else _silent(proven)


def _texts(probe_ids: Sequence[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    first = tuple(islice(cycle(probe_ids), _LENGTHS[0]))
    return first, tuple(islice(cycle(reversed(probe_ids)), _LENGTHS[1]))


def _find_blocks(
    model: nn.Module, seen: list[Call], text: tuple[int, ...], other: tuple[int, ...]
) -> tuple[BlockList, list[Call]]:
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

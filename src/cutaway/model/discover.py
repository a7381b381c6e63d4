"""Finding the parts of any model by watching one short pass, and proving them on another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import cycle, islice

from torch import nn

from ..trace.card import Capability
from .blocks import BlockList, find_blocks, outer_modules
from .chain import find_chain
from .embedding import find_embedding
from .forward import as_input, forward, logits_of, resting, speaks
from .kinds import watch_kinds
from .parts import find_parts
from .proof import prove
from .structure import Anatomy, Stream, Tail
from .tail import replay
from .watch import calls

__all__ = ["discover"]

#: Lengths of the two probe texts: unlike, and unlike the sizes that models have.
_LENGTHS = (11, 13)


def discover(model: nn.Module, probe_ids: Sequence[int]) -> Anatomy:
    """Where everything is in a model, with what is proven of it.

    probe_ids  some different token ids of its vocabulary (8 or more are best)

    >>> discover(model, range(3, 15)).blocks[0].down  # doctest: +SKIP
    'model.layers.0.mlp.down_proj'

    The model is left as it was found. Raises MissingError that names the part that is not to be
    found, or not to be proven: the token embedding, the list of blocks, the tail.
    """
    first = tuple(islice(cycle(probe_ids), _LENGTHS[0]))
    second = tuple(islice(cycle(reversed(probe_ids)), _LENGTHS[1]))
    with resting(model):
        with calls(outer_modules(model), arguments=True) as seen:
            output = forward(model, as_input(model, first))
            logits = logits_of(output)[0]
        blocks = find_blocks(model, seen, len(first))
        embedding = find_embedding(model, seen, first, logits)
        parts = find_parts(blocks, watch_kinds(model, blocks, first, which=0))
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
            width=blocks.states()[-1].shape[-1],
            vocab=logits.shape[-1],
            gated=parts.gated,
            capabilities={},
        )
        proven = prove(model, anatomy, blocks, parts, tails, second)
        return proven if speaks(output) else _silent(proven)


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

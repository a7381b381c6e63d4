"""What is proven of a model's queries, keys and values, on one short text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from torch import nn

from ..core.errors import MissingError
from ..trace.attention import AttentionCall
from ..trace.card import Capability
from .attention_call import MaskCache, attention_call_of, checked_record
from .eager_weights import kernel_tolerance
from .forward import inference_mode
from .hooks import ModuleCall
from .kernel_calls import KernelCall
from .output_projection import find_projection
from .rotary import RotaryCache, find_angles, pair_at
from .sites import calls_of, modules_of
from .structure import Anatomy, CallPlace

__all__ = ["WatchedAttention", "beside_mlps", "capability_of_calls", "prove_calls", "proven_call"]

_NONE = "no block of this model hands queries and keys to transformers' attention interface"


@dataclass(frozen=True)
class WatchedAttention:
    """The attention of one short text of n_tokens.

    calls    layer -> the calls of its kernels
    modules  the calls of the blocks' modules
    """

    calls: Mapping[int, Sequence[KernelCall]]
    modules: Sequence[ModuleCall]
    n_tokens: int


def prove_calls(
    model: nn.Module, anatomy: Anatomy, watched: WatchedAttention
) -> tuple[Anatomy, Capability]:
    """The anatomy with what is proven, on that text, of each block's queries, keys and values.

    A block's numbers alone must give the weights of the model's own eager function; where the
    rotary embedding or the output projection can't be proven, only they are left out.
    """
    places: dict[int, CallPlace] = {}
    records: list[AttentionCall] = []
    lacking: dict[int, str] = {}
    masks, rotary = MaskCache(), RotaryCache()
    by_block = _by_block(anatomy, watched.modules)
    with inference_mode(model):
        for layer, found in sorted(watched.calls.items()):
            record = proven_call(found, masks)
            if isinstance(record, str):
                lacking[layer] = record
                continue
            places[layer] = _place(model, found[0], record, by_block[layer])
            records.append(_as_kept(record, places[layer], by_block[layer], rotary))
    sizes = _bytes(records, watched.n_tokens)
    capability = capability_of_calls(places, lacking, _NONE)
    return replace(anatomy, calls=places, call_bytes=sizes), capability


def proven_call(
    found: Sequence[KernelCall], masks: MaskCache, n_keys: int | None = None
) -> AttentionCall | str:
    """The record of a block's only call, or why there is none.

    n_keys  of attention to another text, how long that is
    """
    if len(found) > 1:
        return "it attends more than once"
    try:
        return checked_record(found[0], attention_call_of(found[0], masks, n_keys))
    except MissingError as refused:
        return str(refused).split(": ", maxsplit=1)[-1]
    except Exception as failed:  # a kernel may take what no eager function does
        return f"its eager function fails on the kernel's arguments ({failed})"


def _place(
    model: nn.Module, call: KernelCall, record: AttentionCall, seen: Sequence[ModuleCall]
) -> CallPlace:
    bound = kernel_tolerance(call.value.dtype)
    return CallPlace(find_angles(record, seen, bound), find_projection(model, call, seen, bound))


def capability_of_calls(
    places: Mapping[int, CallPlace], lacking: Mapping[int, str], none: str
) -> Capability:
    """What is proven of them, in words; none says that no block has any, and `lacking` why."""
    words = [f"block {layer}: {why}" for layer, why in lacking.items()]
    if not places:
        return Capability(False, "; ".join(words[:1]) or none)
    proven_in = f"in {len(places)} blocks they give the eager function's weights"
    return Capability(True, "; ".join([proven_in, *words]))


def _by_block(anatomy: Anatomy, seen: Sequence[ModuleCall]) -> dict[int, list[ModuleCall]]:
    """Layer -> the calls of its modules, the block's own among them."""
    return {layer: calls_of(block, seen) for layer, block in enumerate(anatomy.blocks)}


def beside_mlps(model: nn.Module, anatomy: Anatomy) -> dict[str, nn.Module]:
    """Path -> module of everything in the blocks but their MLPs."""
    return {
        path: module
        for block in anatomy.blocks
        for path, module in modules_of(model, block).items()
        if block.mlp is None or not f"{path}.".startswith(f"{block.mlp}.")
    }


def _as_kept(
    record: AttentionCall, place: CallPlace, seen: Sequence[ModuleCall], rotary: RotaryCache
) -> AttentionCall:
    """The record with arrays of all the shapes that a recorded one has."""
    if place.angles is not None:
        record = rotary.give(record, place.angles, pair_at(place.angles, seen))
    if place.projection is None:
        return record
    return replace(record, written=np.empty(record.query.shape[:2], dtype=np.float32))


def _bytes(records: Iterable[AttentionCall], T: int) -> tuple[int, int, int]:
    """Bytes of distinct arrays that take so many a text, so many a token, so many a pair."""
    powers = {"sinks": 0, "hidden": 2, "bias": 2}
    distinct = {
        id(array): (powers.get(name, 1), array.nbytes)
        for record in records
        for name, array in record.arrays().items()
    }
    totals = [0, 0, 0]
    for power, nbytes in distinct.values():
        totals[power] += nbytes // T**power
    return totals[0], totals[1], totals[2]

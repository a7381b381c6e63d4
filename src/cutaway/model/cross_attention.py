"""A decoder's attention to its source: where it is in every block, and what is proven of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from torch import Tensor, nn

from ..trace.attention import AttentionCall
from .attend import prove_attention
from .attention_call import MaskCache
from .conditioned import Decoder
from .eager_weights import kernel_tolerance
from .forward import as_input, forward
from .hooks import ModuleCall, module_calls
from .kernel_calls import caught
from .layout import layout_of
from .output_projection import find_projection
from .prove_calls import beside_mlps, capability_of_calls, proven_call
from .record_attention import modules_of_blocks
from .structure import Anatomy, CallPlace

__all__ = ["cross_attention_path", "prove_cross_attention"]

_NONE = "no block of its decoder hands what it asks of the source to transformers' interface"


def cross_attention_path(model: nn.Module, calls: Sequence[ModuleCall]) -> str | None:
    """The path of the module that attends to the source among those of one block.

    It is the outermost that takes something with a row for each position of the source, whose
    length must be none of the model's sizes nor that of the text; None where there is none.

    calls  of the modules in the block
    """
    if not isinstance(model, Decoder):
        return None
    S = model.source_length
    taking = {call.path for call in calls if any(_of_source(t, S) for t in call.inputs.values())}
    outer = [path for path in taking if not any(path.startswith(f"{one}.") for one in taking)]
    return outer[0] if len(outer) == 1 else None


def _of_source(tensor: Tensor, S: int) -> bool:
    return tensor.dim() == 3 and layout_of(tensor, S) is not None


def prove_cross_attention(model: Decoder, anatomy: Anatomy, token_ids: Sequence[int]) -> Anatomy:
    """The anatomy with what is proven, on these tokens and the source, of the attention to it.

    Of the weights as `prove_attention` proves them, of queries and keys as `prove_calls` does.
    """
    S, beside = model.source_length, beside_mlps(model, anatomy)
    modules = modules_of_blocks(model, anatomy, cross=True)
    with caught(modules) as made, module_calls(beside) as seen:
        forward(model, as_input(model, token_ids), logits_to_keep=1)
    heads, weights = prove_attention(model, anatomy, token_ids, made, S)
    places, lacking = dict[int, CallPlace](), dict[int, str]()
    records, masks = list[AttentionCall](), MaskCache()
    for layer, found in sorted(made.items()):
        record = proven_call(found, masks, S)
        if isinstance(record, str):
            lacking[layer] = record
            continue
        own = [call for call in seen if call.path.startswith(f"{anatomy.cross[layer]}.")]
        bound = kernel_tolerance(found[0].value.dtype)
        places[layer] = CallPlace(None, find_projection(model, found[0], own, bound))
        records.append(record)
    called = capability_of_calls(places, lacking, _NONE)
    capabilities = {"cross-attention": weights, "cross queries and keys": called}
    return replace(
        anatomy,
        cross_heads=heads,
        cross_calls=places,
        cross_bytes=_bytes(records, places.values()),
        capabilities={**anatomy.capabilities, **capabilities},
    )


def _bytes(
    records: Iterable[AttentionCall], places: Iterable[CallPlace]
) -> tuple[int, int, int, int]:
    """Bytes a text, a token of the decoder's, one of the source's, and a pair of both."""
    text = token = source = pair = 0
    for record, place in zip(records, places, strict=True):
        (H, T, _), S = record.query.shape, record.key.shape[1]
        sizes = {name: array.nbytes for name, array in record.arrays().items()}
        text += sizes.get("sinks", 0)
        token += sizes["query"] // T
        source += (sizes["key"] + sizes["value"]) // S + 4 * H * (place.projection is not None)
        pair += (sizes.get("hidden", 0) + sizes.get("bias", 0)) // (T * S)
    return text, token, source, pair

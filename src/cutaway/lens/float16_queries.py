"""The queries and keys of every head in float16, for a page that computes its weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import xarray as xr

from ..core.errors import InvalidError, MissingError
from ..core.progress import steps
from ..trace.attention import AttentionCall
from ..trace.source import Floats
from ..trace.trace import Trace

__all__ = ["float16_queries"]


def float16_queries(trace: Trace, layers: Sequence[int], heads: Sequence[int]) -> xr.Dataset:
    """What the weights of these heads are made of, with how far off float16 makes them.

    returns  query (layer, head, position, neuron), key (layer, group, position, neuron) float16;
             scale, cap, window (layer), sink (layer, head), causal (layer): cap and sink NaN and
             window 0 where there is none; attrs["error"], the largest difference of any weight.
             The group of a head is its place on the axis of groups
    raises   MissingError where weights are made of more than these
    """
    calls = [_read(trace, layer) for layer in layers]
    if len({(call.key.shape, call.query.shape) for call in calls}) > 1:
        raise InvalidError(
            "layers", list(layers), allowed="layers with heads of one size, to carry queries",
            fix="ask for them one by one, or carry='weights'",
        )  # fmt: skip
    queries, keys, errors = [], [], []
    pairs = list(zip(layers, calls, strict=True))
    for layer, call in steps(pairs, "rounding queries and keys"):
        query, key = (_rounded(array, layer) for array in (call.query, call.key))
        errors.append(
            _largest_error(
                trace,
                layer,
                heads,
                replace(call, query=query.astype(np.float32), key=key.astype(np.float32)),
            )
        )
        queries.append(query[list(heads)])
        keys.append(key)
    sinks = [np.full(call.n_heads, np.nan) if call.sinks is None else call.sinks for call in calls]
    vector = ("position", "neuron")
    found = xr.Dataset(
        {
            "query": (("layer", "head", *vector), np.stack(queries)),
            "key": (("layer", "group", *vector), np.stack(keys)),
            "scale": ("layer", [float(call.scale) for call in calls]),
            "cap": ("layer", [np.nan if call.cap is None else float(call.cap) for call in calls]),
            "window": ("layer", [call.window or 0 for call in calls]),
            "causal": ("layer", [call.causal for call in calls]),
            "sink": (("layer", "head"), np.stack(sinks)[:, list(heads)].astype(np.float32)),
        }
    )
    return found.assign_attrs(error=max(errors))


def _read(trace: Trace, layer: int) -> AttentionCall:
    """The call of a block whose weights follow from queries, keys and a few numbers."""
    call = trace.attention_call(layer)
    for what, array in (("a position bias", call.bias), ("a mask of its own", call.hidden)):
        if array is not None:
            raise MissingError(
                f"the weights of layer {layer} from queries and keys alone",
                because=f"it has {what}", fix="carry='weights'",
            )  # fmt: skip
    return call


def _largest_error(trace: Trace, layer: int, heads: Sequence[int], rounded: AttentionCall) -> float:
    """How far any weight of the rounded queries and keys lies from the exact one."""
    exact = trace.source.attention(trace, layer, heads)
    return float(np.abs(rounded.weights(heads) - exact).max())


def _rounded(array: Floats, layer: int) -> Floats:
    """The array in float16; MissingError where it holds numbers that float16 has not."""
    with np.errstate(over="ignore"):
        half = array.astype(np.float16)
    if not np.isfinite(half).all():
        raise MissingError(
            f"the queries and keys of layer {layer} in half precision",
            because="they hold numbers above 65,504", fix="carry='weights'",
        )  # fmt: skip
    return half

"""One head at one token, number by number: from query and keys to weights, and to its output."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..core.axes import read_position
from ..trace.attention import AttentionCall
from ..trace.source import Floats
from ..trace.trace import Trace
from .attention import read_heads_of
from .attention_kind import read_attention_kind
from .dataset import finish, token_coords

__all__ = ["attention_neuron", "leading_head"]

#: What the head that is shown first leads in: a text without repeats has no induction.
_LEADS = ("induction", "previous")
_LEADS_ACROSS = ("peak",)
#: A figure no larger than this is rounding.
_NOTHING = 1e-4

#: What is no product of the model's states: factors and truth values.
_PLAIN = ("scale", "cos", "sin", "hidden")
_VECTOR, _KEYS, _QUERIES = ("neuron",), ("key", "neuron"), ("position", "neuron")


def attention_neuron(
    trace: Trace, layer: int, head: int, at: int = -1, kind: str = "self"
) -> xr.Dataset:
    """Every step by which a head answers one query position, with the model's numbers.

    layer, head  which head;  at  the query's position, negative from the end
    kind         of lens.attention: whose queries and keys, of an encoder-decoder's two texts
    returns      query_vector (neuron), key_vector, product (key, neuron), dot, scaled, capped,
                 bias, score, weight (key), value_vector, weighted (key, neuron), output (neuron):
                 product = query x key, dot = its sum, scaled = scale x dot, weight = softmax of
                 score over keys and sink, output = sum of weighted = weight x value; with rotary
                 embedding query_before, key_before. `queries` (position, neuron) are the vectors
                 of every token. NaN where the query can't see a key, and past the end of a shorter
                 vector; weight is 0 there.
    raises       MissingError where the queries and keys can't be had exactly
    """
    attended = read_attention_kind(trace, kind)
    (layer,) = attended.layers([layer])
    (head,) = read_heads_of(attended.heads, (layer,), [head])
    asks, keys = attended.trace, attended.keys
    at = read_position(at, asks.n_positions, "at")
    call = asks.cross_call(layer) if attended.cross else asks.attention_call(layer)
    size = max(call.key.shape[-1], call.value.shape[-1])
    dataset = xr.Dataset(
        _scalars(call, head, at) | _steps(call, head, at, size) | _every_query(call, head, size),
        coords={
            "layer": layer, "head": head, "query": at, "group": call.group(head),
            "neuron": np.arange(size),
            **token_coords(keys, range(keys.n_positions), "key"),
            **token_coords(asks, range(asks.n_positions)),
        },
    )  # fmt: skip
    for name, variable in dataset.data_vars.items():
        variable.attrs.setdefault("units", "1" if name in _PLAIN else "the model's own")
    dataset.attrs.update(_how(call), table="product", kind=attended.kind)
    options = {"layer": layer, "head": head, "at": at, "kind": kind}
    return finish(dataset, asks, lens="attention_neuron", options=options)


def leading_head(figures: xr.Dataset) -> tuple[int, int]:
    """The layer and the head with the most induction; of a text without repeats, with the most
    attention on the token before; of cross attention the one that points most sharply.

    figures  of lens.heads.head_figures, or of lens.cross_figures.cross_figures
    """
    names = _LEADS if _LEADS[0] in figures else _LEADS_ACROSS
    shown = (name for name in names if (np.nan_to_num(figures[name].values) > _NOTHING).any())
    values = np.nan_to_num(figures[next(shown, names[-1])].values)
    layer, head = np.unravel_index(int(values.argmax()), values.shape)
    return int(figures["layer"][layer]), int(figures["head"][head])


def _steps(call: AttentionCall, head: int, at: int, size: int) -> dict[str, Any]:
    """What becomes of the query at one position, step by step."""
    query, key = call.query[head, at], call.key[call.group(head)]
    score, weight = call.scores([head])[0, at], call.weights([head])[0, at]
    seen = np.isfinite(score)
    product = np.where(seen[:, None], query.astype(np.float64) * key, np.nan)  # (T, d)
    dot = product.sum(axis=-1)
    value = call.value[call.group(head)]
    weighted = np.where(seen[:, None], weight.astype(np.float64)[:, None] * value, np.nan)
    found: dict[str, Any] = {
        "query_vector": (_VECTOR, _padded(query, size)),
        "key_vector": (_KEYS, _padded(key, size)),
        "product": (_KEYS, _padded(product, size)),
        "dot": ("key", _single(dot)),
        "scaled": ("key", _single(dot * call.scale)),
    }
    if call.cap is not None:
        found["capped"] = ("key", _single(call.cap * np.tanh(dot * call.scale / call.cap)))
    if call.bias is not None:
        found["bias"] = ("key", np.where(seen, _own(call.bias, head)[at], np.nan))
    found |= {
        "score": ("key", np.where(seen, score, np.nan)),
        "weight": ("key", weight, {"units": "1"}),
        "value_vector": (_KEYS, _padded(value, size)),
        "weighted": (_KEYS, _padded(weighted, size)),
        "output": (_VECTOR, _padded(np.nansum(weighted, axis=0), size)),
    }
    if call.rotary is not None:
        found["query_before"] = (_VECTOR, _padded(call.rotary.query[head, at], size))
        found["key_before"] = (_KEYS, _padded(call.rotary.key[call.group(head)], size))
    return found


def _every_query(call: AttentionCall, head: int, size: int) -> dict[str, Any]:
    """What any other query of the head needs besides: the vectors, angles, biases and masks."""
    found: dict[str, Any] = {"queries": (_QUERIES, _padded(call.query[head], size))}
    if call.rotary is not None:
        found["queries_before"] = (_QUERIES, _padded(call.rotary.query[head], size))
        found["cos"] = (_QUERIES, _padded(call.rotary.cos, size))
        found["sin"] = (_QUERIES, _padded(call.rotary.sin, size))
    if call.bias is not None:
        found["biases"] = (("position", "key"), _own(call.bias, head))
    if call.hidden is not None:
        found["hidden"] = (("position", "key"), _own(call.hidden, head).astype(bool))
    return found


def _scalars(call: AttentionCall, head: int, at: int) -> dict[str, Any]:
    """Numbers that hold for the whole row; NaN where the head has no such thing."""
    sink = np.nan if call.sinks is None else float(call.sinks[head])
    missing = 1 - float(call.weights([head])[0, at].sum(dtype=np.float64))
    return {
        "scale": ((), float(call.scale), {"long_name": "what dot products are multiplied by"}),
        "cap": ((), np.nan if call.cap is None else float(call.cap), {"long_name": "soft-cap"}),
        "sink": ((), sink, {"long_name": "score that lies on no token"}),
        "sink_weight": (
            (), 0.0 if call.sinks is None else missing,
            {"long_name": "share of the row that lies on no token", "units": "1"},
        ),
    }  # fmt: skip


def _how(call: AttentionCall) -> Mapping[str, Any]:
    """Attributes: lengths of keys and values, which tokens are seen, how vectors are turned.

    window is 0 where there is none, layout "" without a rotary embedding that could be proven.
    """
    turned = 0 if call.rotary is None else call.rotary.cos.shape[-1]
    return {
        "key_size": call.key.shape[-1], "value_size": call.value.shape[-1],
        "causal": int(call.causal), "window": call.window or 0, "turned": turned,
        "layout": "" if call.rotary is None else call.rotary.layout,
        "group_size": call.n_heads // call.key.shape[0],
    }  # fmt: skip


def _own(array: NDArray[Any], head: int) -> NDArray[Any]:
    """(T, T) of a head; an array shared by all heads has one."""
    return np.asarray(array[0] if len(array) == 1 else array[head])


def _padded(vectors: Floats, size: int) -> Floats:
    """(..., d) -> (..., size) float32, NaN past the end."""
    room = [(0, 0)] * (vectors.ndim - 1) + [(0, size - vectors.shape[-1])]
    return np.pad(_single(vectors), room, constant_values=np.nan)


def _single(values: Floats) -> Floats:
    return values.astype(np.float32)

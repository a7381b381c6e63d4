"""From queries and keys to weights at one position: turned, compared, scaled, masked, softmax."""

from __future__ import annotations

import torch
from torch import Tensor

from ...trace.attention import AttentionCall
from ..equality import as_float64
from .side import Side
from .step_log import RecordedStep

__all__ = ["turn", "weigh"]


def turn(side: Side, call: AttentionCall) -> None:
    """Query and key after the rotary embedding."""
    rotary, at = call.rotary, side.at
    assert rotary is not None
    turned = {"query": (rotary.query, call.query), "key": (rotary.key, call.key)}
    for name, (plain, after) in turned.items():
        recomputed = rotary.turned(plain.astype("float64"))
        side.add(RecordedStep(
            f"{name}_turned", f"Turn the {name} by its position", side.stage,
            f"pairs of entries turned by {at} × their frequency (rotary embedding, "
            f"{'first half with second' if rotary.layout == 'half' else 'neighbours'}, "
            f"{rotary.cos.shape[-1]} of {plain.shape[-1]} entries)",
            torch.as_tensor(after[:, at]), ("head" if name == "query" else "group", "feature"),
            inputs=side.named(f"{name}_vector"), recomputed=torch.as_tensor(recomputed[:, at]),
        ))  # fmt: skip


def weigh(side: Side, call: AttentionCall, weights: Tensor) -> Tensor:
    """Scores, weights and the mixed values; returns (H, dv) what each head gives.

    weights  (H, n) of the model's own eager function, on the n tokens that may be seen
    """
    at, n, axes = side.at, weights.shape[1], ("head", side.key_axis)
    heads, row = list(range(call.n_heads)), call.row(at)  # not (H, T, S) for one of the rows
    groups = [call.group(head) for head in heads]
    turned = "_turned" if call.rotary is not None else "_vector"
    query = torch.as_tensor(call.query[:, at]).double()
    keys = torch.as_tensor(call.key[groups, :n]).double()
    dots = torch.einsum("hd,hkd->hk", query, keys)
    side.add(RecordedStep(
        "dots", "Compare with every key", side.stage, "sum of query × key, head by head",
        torch.as_tensor(row.products(heads)[:, 0, :n]), axes,
        inputs=side.named(f"query{turned}", f"key{turned}"), recomputed=dots,
    ))  # fmt: skip
    scores = torch.as_tensor(row.scores(heads)[:, 0, :n])
    seen = torch.isfinite(scores)
    side.add(RecordedStep(
        "scores", "Scale and mask", side.stage, _words(call, side, seen),
        scores.masked_fill(~seen, 0), axes,
        inputs=side.named("dots"), recomputed=_scored(call, dots, at).masked_fill(~seen, 0),
    ))  # fmt: skip
    side.log.steps[-1].values[~seen.numpy()] = -float("inf")
    sinks = "" if call.sinks is None else ", with the head's sink among the scores"
    side.add(RecordedStep(
        "weights", f"Softmax: where it looks{side.where}", side.stage,
        f"exp(score) / sum of exp(scores){sinks}", weights, axes, inputs=side.named("scores"),
        recomputed=torch.as_tensor(row.weights(heads)[:, 0, :n]).double(),
    ))  # fmt: skip
    values = torch.as_tensor(call.value[groups, :n]).double()
    return torch.einsum("hk,hkd->hd", as_float64(weights), values)


def _scored(call: AttentionCall, dots: Tensor, at: int) -> Tensor:
    scores = dots * call.scale
    if call.cap is not None:
        scores = call.cap * torch.tanh(scores / call.cap)
    if call.bias is not None:
        scores = scores + torch.as_tensor(call.bias[:, at, : dots.shape[1]]).double()
    return scores


def _words(call: AttentionCall, side: Side, seen: Tensor) -> str:
    words = f"dot × {call.scale:.6g}"
    if call.cap is not None:
        words = f"{call.cap:g} × tanh({words} / {call.cap:g})"
    if call.bias is not None and call.bias.any():
        words += " + position bias"
    if call.window is not None:
        words += f"; only the last {call.window} tokens are seen"
    if call.causal:
        return f"{words}; later tokens are masked"
    if not bool(seen.all()):
        return f"{words}; tokens that are out of reach are masked"
    whole = "every token of the source is" if side.is_cross else "tokens before and after are"
    return f"{words}; {whole} seen"

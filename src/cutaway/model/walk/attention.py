"""The attention of one block at one position: norm, query, key, value, scores, weights, output."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ...core.errors import MissingError
from ...trace.attention import AttentionCall
from ...trace.walk import TOLERANCE
from ..fit import close, exactly, same, tolerance
from ..look import Look
from ..watch import Call
from .formulas import gap, linear, norm
from .heads import Located, as_rows, locate, per_head
from .log import Log

__all__ = ["Attended", "attention_steps", "norm_into"]

STAGE = "attention"


@dataclass(frozen=True)
class Attended:
    """What attention adds to the state: (T, width) rows, and the step that has them."""

    rows: Tensor
    step: str


def attention_steps(
    log: Log, look: Look, path: str, call: AttentionCall, weights: Tensor, at: int
) -> Attended:
    """Every step from the state before the block to what attention adds to it.

    path     of the block's attention module
    call     its queries, keys and values
    weights  (H, at + 1) the weights of the model's own eager function at this position

    Raises MissingError at the first step that can't be proven; those before it are in the log.
    """
    inner = [c for c in look.below if c.path == path or c.path.startswith(path + ".")]
    taken = _taken(look, inner[0], path)
    before = norm_into(log, look, taken, at, STAGE, "attention_norm", "state_in", look.state)
    projections = [c for c in inner if c.path != path and look.is_linear(c)]
    queries, keys = call.query, call.key
    if call.rotary is not None:
        queries, keys = call.rotary.query, call.rotary.key
    _project(log, look, inner, projections, as_rows(queries), "query", before, at, call)
    _project(log, look, inner, projections, as_rows(keys), "key", before, at, call)
    _project(log, look, inner, projections, as_rows(call.value), "value", before, at, call)
    if call.rotary is not None:
        _turn(log, call, at)
    mixed = _weigh(log, call, weights, at)
    return _out(log, look, projections, mixed, at)


def norm_into(
    log: Log, look: Look, taken: Tensor, at: int, stage: str, name: str, source: str, state: Tensor
) -> str:
    """The step whose rows a part takes: the state itself, or a norm of it; returns its name.

    taken   (T, width) what the part takes;  state  (T, width) what the norm takes
    """
    if same(taken, state):
        return source
    for call in look.below:
        rows = [rows for _, rows in look.taken(call)]
        if not any(same(made, taken) for made in look.made(call)):
            continue
        if not any(same(row, state) for row in rows):
            continue
        found = norm(call.module, state[at : at + 1], taken[at : at + 1])
        if found is None:
            break
        log.add(
            name, "Normalise", stage, found[0], taken[at], ("channel",), inputs=(source,),
            module=(call.path, call.module), again=found[1][0],
        )  # fmt: skip
        return name
    raise MissingError(
        f"the norm before {stage}", because="no norm of the block gives what it takes"
    )


def _taken(look: Look, attention: Call, path: str) -> Tensor:
    """(T, width) what the attention module takes: a state, or a norm of it."""
    made = [rows for call in look.below for rows in look.made(call) if call.end < attention.start]
    for _, rows in look.taken(attention):
        if same(rows, look.state) or any(same(rows, other) for other in made):
            return rows
    raise MissingError(f"what {path} takes", because="it is neither the state nor a norm of it")


def _project(
    log: Log, look: Look, inner: list[Call], projections: list[Call], target: Tensor,
    name: str, before: str, at: int, call: AttentionCall,
) -> None:  # fmt: skip
    """The query, key or value of this position; with a norm per head, as two steps."""
    groups = len(call.key)
    located = locate(target, projections, look, groups)
    if located is None:
        normed = _normed(look, inner, projections, target, groups)
        if normed is None:
            raise MissingError(
                f"the {name} projection",
                because="no part of a linear module's output in the attention is it",
            )
        located, norm_call, rows = normed
        _projected(log, look, located, rows, f"{name}_plain", name, before, at)
        found = _norm_per_head(norm_call, rows[at], target[at])
        if found is None:
            raise MissingError(f"the norm of the {name}", because="it is no textbook norm")
        log.add(
            f"{name}_vector", f"Normalise the {name}", STAGE, found[0], target[at], _axes(name),
            inputs=(f"{name}_plain",), module=(norm_call.path, norm_call.module), again=found[1],
        )  # fmt: skip
        return
    _projected(log, look, located, target, f"{name}_vector", name, before, at)


def _projected(
    log: Log, look: Look, located: Located, target: Tensor, name: str, what: str, before: str,
    at: int,
) -> None:  # fmt: skip
    call = located.call
    x = look.taken(call)[0][1][at : at + 1]
    found = linear(call.module, x)
    if found is None:
        raise MissingError(f"the weights of {call.path}", because="they are no plain matrix")
    again = located.cut.take(found[1])[0] * located.factor
    scaled = "" if located.factor == 1 else f", × {located.factor:.6g}"
    log.add(
        name, f"{what.capitalize()} of each head", STAGE,
        f"{found[0]}{located.cut.words}{scaled}, split into heads", target[at], _axes(what),
        inputs=(before,), module=(call.path, call.module), again=again,
    )  # fmt: skip


def _axes(what: str) -> tuple[str, str]:
    """Keys and values have a head per group of query heads."""
    return ("head" if what == "query" else "group"), "feature"


def _normed(
    look: Look, inner: list[Call], projections: list[Call], target: Tensor, groups: int
) -> tuple[Located, Call, Tensor] | None:
    """A norm between projection and target: the projection, the norm, what the norm took."""
    T, heads, d = target.shape
    for call in inner:
        if call in projections or len(call.inputs) != 1 or any(call.module.children()):
            continue
        made = [per_head(tensor, heads, d, T) for tensor in call.outputs.values()]
        if not any(
            one is not None and close(one, target, tolerance(torch.float32)) for one in made
        ):
            continue
        taken = per_head(next(iter(call.inputs.values())), heads, d, T)
        located = None if taken is None else locate(taken, projections, look, groups)
        if located is not None and taken is not None:
            return located, call, taken
    return None


def _norm_per_head(call: Call, x: Tensor, y: Tensor) -> tuple[str, Tensor] | None:
    """The norm over each head's entries, or over those of all heads together."""
    apart = norm(call.module, x, y)
    if apart is not None:
        return f"{apart[0]}, head by head", apart[1]
    whole = norm(call.module, x.reshape(1, -1), y.reshape(1, -1))
    return None if whole is None else (whole[0], whole[1].reshape(x.shape))


def _turn(log: Log, call: AttentionCall, at: int) -> None:
    """Query and key after the rotary embedding."""
    rotary = call.rotary
    assert rotary is not None
    turned = {"query": (rotary.query, call.query), "key": (rotary.key, call.key)}
    for name, (plain, after) in turned.items():
        again = rotary.turned(plain.astype("float64"))
        log.add(
            f"{name}_turned", f"Turn the {name} by its position", STAGE,
            f"pairs of entries turned by {at} × their frequency (rotary embedding, "
            f"{'first half with second' if rotary.layout == 'half' else 'neighbours'}, "
            f"{rotary.cos.shape[-1]} of {plain.shape[-1]} entries)",
            torch.as_tensor(after[:, at]), _axes(name), inputs=(f"{name}_vector",),
            again=torch.as_tensor(again[:, at]),
        )  # fmt: skip


def _weigh(log: Log, call: AttentionCall, weights: Tensor, at: int) -> Tensor:
    """Scores, weights and the mixed values; returns (H, dv) what each head gives."""
    heads = list(range(call.n_heads))
    groups = [call.group(head) for head in heads]
    turned = "_turned" if call.rotary is not None else "_vector"
    query = torch.as_tensor(call.query[:, at]).double()
    keys = torch.as_tensor(call.key[groups, : at + 1]).double()
    dots = torch.einsum("hd,hkd->hk", query, keys)
    products = torch.as_tensor(call.products(heads)[:, at, : at + 1])
    log.add(
        "dots", "Compare with every key", STAGE, "sum of query × key, head by head", products,
        ("head", "key"), inputs=(f"query{turned}", f"key{turned}"), again=dots,
    )  # fmt: skip
    scores = torch.as_tensor(call.scores(heads)[:, at, : at + 1])
    seen = torch.isfinite(scores)
    log.add(
        "scores", "Scale and mask", STAGE, _score_words(call), scores.masked_fill(~seen, 0),
        ("head", "key"), inputs=("dots",), again=_scored(call, dots, at).masked_fill(~seen, 0),
    )  # fmt: skip
    log.steps[-1].values[~seen.numpy()] = -float("inf")
    shares = torch.as_tensor(call.weights(heads)[:, at, : at + 1]).double()
    sinks = "" if call.sinks is None else ", with the head's sink among the scores"
    log.add(
        "weights", "Softmax: where it looks", STAGE, f"exp(score) / sum of exp(scores){sinks}",
        weights, ("head", "key"), inputs=("scores",), again=shares,
    )  # fmt: skip
    values = torch.as_tensor(call.value[groups, : at + 1]).double()
    return torch.einsum("hk,hkd->hd", exactly(weights), values)


def _scored(call: AttentionCall, dots: Tensor, at: int) -> Tensor:
    scores = dots * call.scale
    if call.cap is not None:
        scores = call.cap * torch.tanh(scores / call.cap)
    if call.bias is not None:
        scores = scores + torch.as_tensor(call.bias[:, at, : at + 1]).double()
    return scores


def _score_words(call: AttentionCall) -> str:
    words = f"dot × {call.scale:.6g}"
    if call.cap is not None:
        words = f"{call.cap:g} × tanh({words} / {call.cap:g})"
    if call.bias is not None:
        words += " + position bias"
    if call.window is not None:
        words += f"; only the last {call.window} tokens are seen"
    return f"{words}; later tokens are masked" if call.causal else words


def _out(log: Log, look: Look, projections: list[Call], mixed: Tensor, at: int) -> Attended:
    """The output projection: what all heads together add to the state."""
    merged = mixed.reshape(1, -1)
    for call in projections:
        taken, made = look.taken(call)[0][1], look.made(call)[0]
        if made.shape != look.state.shape or gap(merged[0], taken[at]) > TOLERANCE:
            continue
        log.add(
            "head_output", "Mix the values", STAGE, "sum of weight × value, head by head",
            taken[at].reshape(mixed.shape), ("head", "feature"), inputs=("weights", "value_vector"),
            again=mixed,
        )  # fmt: skip
        found = linear(call.module, merged)
        if found is None:
            break
        log.add(
            "attention_output", "Merge the heads", STAGE, f"{found[0]}, all heads side by side",
            made[at], ("channel",), inputs=("head_output",), module=(call.path, call.module),
            again=found[1][0],
        )  # fmt: skip
        return Attended(made, "attention_output")
    raise MissingError(
        "the output projection",
        because="no linear module of the attention takes what the heads give side by side",
    )

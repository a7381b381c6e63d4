"""The two ends of a walk: from the token to the first state, from the last to the next token."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ...core.errors import MissingError
from ..fit import exactly, fit_scale, same
from ..layout import Layout, layout_of
from ..structure import Anatomy
from ..unembed import Unembedding
from ..watch import Call
from .formulas import norm
from .log import Log

__all__ = ["embedding_steps", "output_steps"]

#: How many candidates are shown at the end.
SHOWN = 10


def embedding_steps(
    log: Log, anatomy: Anatomy, outer: Sequence[Call], ids: Sequence[int], state: Tensor, at: int
) -> None:
    """From the token to the state that enters block 0, called "entering".

    outer  the calls of the modules outside the blocks, before them
    state  (T, width) that state
    """
    looked = next(call for call in outer if call.path == anatomy.embedding)
    rows = _rows(next(iter(looked.outputs.values())), len(ids))
    weight = getattr(looked.module, "weight", None)
    again = None
    if isinstance(weight, Tensor) and rows.shape[1] == weight.shape[1]:
        plain = exactly(weight[ids[at]])
        scale = None if same(plain, rows[at]) else fit_scale(plain, exactly(rows[at]))
        again = plain if scale is None else plain * scale.factor
    log.add(
        "embedding", "Look the token up", "embedding", f"row {ids[at]} of the embedding table",
        rows[at], ("channel",), module=(looked.path, looked.module), again=again,
    )  # fmt: skip
    _enter(log, outer, looked, rows, state, at)


def _enter(
    log: Log, outer: Sequence[Call], looked: Call, rows: Tensor, state: Tensor, at: int
) -> None:
    """What is done to the embedding before block 0: nothing, a scale, positions, a norm."""
    places = _positions(outer, looked, state)
    for normed in (None, *_norms_to(outer, state)):
        target = state if normed is None else _rows(next(iter(normed.inputs.values())), len(state))
        for place, given in ((None, None), *places):
            if given is not None and given.shape != rows.shape:
                continue
            total = exactly(rows) if given is None else exactly(rows) + exactly(given)
            words, inputs = "the embedding", ["embedding"]
            if not _adds(total, target):
                scale = fit_scale(rows, target) if given is None else None
                if scale is None:
                    continue
                total, words = exactly(rows) * scale.factor, f"embedding {scale}"
            if place is not None and given is not None:
                log.add(
                    "position_embedding", "Look its position up", "embedding",
                    f"row of position {at}", given[at], ("channel",),
                    module=(place.path, place.module),
                )  # fmt: skip
                words, inputs = "embedding + position", ["embedding", "position_embedding"]
            _entered(log, normed, words, inputs, total, state, at)
            return
    raise MissingError(
        "how the state that enters block 0 is made",
        because="it is not the embedding, times a number, plus a position or through a norm",
    )


def _entered(
    log: Log, normed: Call | None, words: str, inputs: list[str], total: Tensor, state: Tensor,
    at: int,
) -> None:  # fmt: skip
    module, again = None, total[at]
    if normed is not None:
        found = norm(normed.module, total[at : at + 1], state[at : at + 1])
        if found is None:
            raise MissingError("the norm of the embedding", because="it is no textbook norm")
        words, again, module = f"{words}; {found[0]}", found[1][0], (normed.path, normed.module)
    log.add(
        "entering", "Enter the residual stream", "embedding", words, state[at], ("channel",),
        inputs=tuple(inputs), module=module, again=again,
    )  # fmt: skip


def _adds(total: Tensor, target: Tensor) -> bool:
    if total.shape != target.shape:
        return False
    size = target.double().abs().max().clamp_min(1e-30)
    return bool((total - exactly(target)).abs().max() <= 1e-5 * size)


def _positions(outer: Sequence[Call], looked: Call, state: Tensor) -> list[tuple[Call, Tensor]]:
    """Other modules that give one row of the state's width per position."""
    found = []
    for call in outer:
        if call is looked or any(call.module.children()):
            continue
        for tensor in call.outputs.values():
            rows = tensor[0] if tensor.dim() == 3 and tensor.shape[0] == 1 else tensor
            if rows.shape == state.shape:
                found.append((call, rows))
    return found


def _norms_to(outer: Sequence[Call], state: Tensor) -> list[Call]:
    """Modules that took one tensor of rows and gave the state."""
    found = []
    for call in outer:
        given = next(iter(call.outputs.values()), None)
        if given is None or len(call.inputs) != 1:
            continue
        rows = given[0] if given.dim() == 3 and given.shape[0] == 1 else given
        if same(rows, state):
            found.append(call)
    return found


def _rows(tensor: Tensor, n_positions: int) -> Tensor:
    layout: Layout | None = layout_of(tensor, n_positions)
    return tensor if layout is None else layout.rows(tensor)[0]


def output_steps(
    log: Log, model: nn.Module, anatomy: Anatomy, state: Tensor, options: Mapping[str, Any]
) -> None:
    """From the state after the last block (width,) to the probabilities of the next token.

    options  how the text was generated: temperature, top_k and top_p, where it was
    """
    head = Unembedding(model, anatomy)
    hidden = head.hidden(state[None].cpu().float().numpy())
    _final_norm(log, model, anatomy, state, hidden)
    logits = head.logits(hidden)[0].double().cpu().clone()
    top = logits.topk(min(SHOWN, len(logits)))
    ids = top.indices.tolist()
    again = head.exact(hidden[None], top.indices[None].to(hidden.device))[0, 0] if (
        head.refinable
    ) else None  # fmt: skip
    after = "".join(f", {words}" for words in anatomy.tail.after_words)
    unembedding = anatomy.tail.unembedding
    log.add(
        "logits", "Score every token of the vocabulary", "output",
        f"unembedding × state{after}; the {len(ids)} largest of {len(logits):,}", top.values,
        ("k",), inputs=(log.steps[-1].name,), again=again, ids=ids,
        module=(unembedding, model.get_submodule(unembedding)) if unembedding else None,
    )  # fmt: skip
    _probabilities(log, logits, ids, options)


def _final_norm(
    log: Log, model: nn.Module, anatomy: Anatomy, state: Tensor, hidden: Tensor
) -> None:
    path = anatomy.tail.norm
    module = None if path is None else (path, model.get_submodule(path))
    found = None if module is None else norm(module[1], state[None], hidden)
    log.add(
        "final_norm", "Normalise for the last time", "output",
        found[0] if found else "the model's own modules after its last block", hidden[0],
        ("channel",), inputs=("last",), module=module, again=found[1][0] if found else None,
    )  # fmt: skip


def _probabilities(log: Log, logits: Tensor, ids: list[int], options: Mapping[str, Any]) -> None:
    """Softmax, and what sampling did to it: temperature, top-k, top-p."""
    temperature = float(options.get("temperature") or 0)
    plain = logits.softmax(0)
    log.add(
        "probability", "Softmax: the next token", "output", "exp(logit) / sum of exp(logits)",
        plain[ids], ("k",), inputs=("logits",), again=_softmax(logits)[ids], ids=ids,
    )  # fmt: skip
    if temperature > 0:
        warm = _softmax(logits / temperature)
        log.add(
            "temperature", "Temperature", "output",
            f"exp(logit / {temperature:g}) / sum over the vocabulary", warm[ids], ("k",),
            inputs=("logits",), again=(logits / temperature).softmax(0)[ids], ids=ids,
        )  # fmt: skip
        kept, words = _kept(warm, options)
        if words:
            filtered = torch.where(kept, warm, 0.0)
            filtered = filtered / filtered.sum()
            log.add(
                "filtered", "Keep the likeliest", "output",
                f"{words}; {_counted(int(kept.sum()))} left, their probabilities sum to 1",
                filtered[ids], ("k",), inputs=("temperature",), ids=ids,
            )  # fmt: skip


def _counted(count: int) -> str:
    return "1 token is" if count == 1 else f"{count:,} tokens are"


def _softmax(logits: Tensor) -> Tensor:
    exps = (logits - logits.max()).exp()
    return exps / exps.sum()


def _kept(probabilities: Tensor, options: Mapping[str, Any]) -> tuple[Tensor, str]:
    """(V,) which tokens top-k and top-p leave, and both in words."""
    order = probabilities.argsort(descending=True, stable=True)
    rank = torch.empty_like(order)
    rank[order] = torch.arange(len(order))
    kept, words = torch.ones(len(order), dtype=torch.bool), []
    if options.get("top_k"):
        kept &= rank < int(options["top_k"])
        words.append(f"top-k {options['top_k']}")
    if options.get("top_p"):
        left = torch.where(kept, probabilities, 0.0)
        mass = (left / left.sum())[order].cumsum(0)
        before = mass - (left / left.sum())[order]
        kept[order] &= before < float(options["top_p"])
        words.append(f"top-p {options['top_p']:g}")
    return kept, ", ".join(words)

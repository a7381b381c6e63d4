"""From the state after the last block to what the model says: norms, the head, softmax."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ...core.errors import MissingError
from ..equality import as_float64, close, tolerance
from ..hooks import ModuleCall, module_calls
from ..structure import Anatomy
from ..unembed import Unembedding
from .embedding import rows_of
from .formulas import norm
from .links import LeafCall, Link, find_links, leaf_calls
from .step_log import RecordedStep, StepLog

__all__ = ["final_steps", "output_steps"]

STAGE = "output"
_FINAL = "Normalise for the last time"
#: How many candidates are shown at the end.
SHOWN = 10


def final_steps(
    log: StepLog, after: Sequence[ModuleCall], states: Tensor, given: Tensor, at: int
) -> None:
    """Of a model without a language head: from the last block's states to those it gives.

    after   the calls of the modules behind the blocks
    states  (T, width) after the last block;  given  (T, n) what the model answers
    """
    seen = leaf_calls(after, lambda tensor: rows_of(tensor, len(states)))
    way = find_links(seen, states, given, at, code=True)
    if way is None:
        raise MissingError(
            "what is done after the last block", because="no known steps lead from its state to "
            "the model's answer",
        )  # fmt: skip
    _links(log, way, at)


def output_steps(
    log: StepLog, model: nn.Module, anatomy: Anatomy, state: Tensor, options: Mapping[str, Any],
    *, masked: bool,
) -> None:  # fmt: skip
    """From the state after the last block (width,) to the probabilities of what is said.

    options  how the text was generated: temperature, top_k and top_p, where it was
    masked   whether the token that stands there is said, and not the next one
    """
    head = Unembedding(model, anatomy)
    with module_calls(_outside(model, anatomy)) as seen:
        hidden = head.hidden(state[None].cpu().float().numpy())
        logits = head.logits(hidden)[0].double().cpu().clone()
    top = logits.topk(min(SHOWN, len(logits)))
    ids = top.indices.tolist()
    found = leaf_calls(seen, lambda tensor: rows_of(tensor, 1))
    recomputed: Tensor | None = None
    path = anatomy.tail.unembedding
    if head.refinable:
        _to_hidden(log, model, anatomy, found, state, hidden)
        recomputed = head.exact(hidden[None], top.indices[None].to(hidden.device))[0, 0]
    else:
        path, recomputed = _through_head(log, model, anatomy, found, state, hidden, logits, ids)
    after = "".join(f", {words}" for words in anatomy.tail.after_words)
    log.add(RecordedStep(
        "logits", "Score every token of the vocabulary", STAGE,
        f"unembedding × state{after}; the {len(ids)} largest of {len(logits):,}", top.values,
        ("k",), inputs=(log.steps[-1].name,), recomputed=recomputed, ids=ids,
        module=(path, model.get_submodule(path)) if path else None,
    ))  # fmt: skip
    _probabilities(log, logits, ids, options, masked=masked)


def _outside(model: nn.Module, anatomy: Anatomy) -> dict[str, nn.Module]:
    """The modules that are in no block."""
    return {
        path: module
        for path, module in model.named_modules()
        if path and not any(block.holds(path) for block in anatomy.blocks)
    }


def _links(log: StepLog, way: Sequence[Link], at: int) -> None:
    """The links as steps; a norm that comes first is the model's final norm."""
    for n, link in enumerate(way):
        final = n == 0 and link.kind == "norm"
        name, title = ("final_norm", _FINAL) if final else (f"head_{link.kind}", "")
        link.log(log, name, STAGE, at, log.steps[-1].name, title)


def _to_hidden(
    log: StepLog, model: nn.Module, anatomy: Anatomy, seen: Sequence[LeafCall], state: Tensor,
    hidden: Tensor,
) -> None:  # fmt: skip
    """The steps to what the unembedding takes (1, d); recorded as one, where they are no known."""
    way = find_links(seen, state[None], hidden, 0, code=True)
    if way is not None:
        _links(log, way, 0)
        return
    path = anatomy.tail.norm
    module = None if path is None else (path, model.get_submodule(path))
    found = None if module is None else norm(module[1], state[None], hidden)
    log.add(RecordedStep(
        "final_norm", _FINAL, STAGE,
        found[0] if found else "the model's own modules after its last block", hidden[0],
        ("channel",), inputs=("last",), module=module, recomputed=found[1][0] if found else None,
    ))  # fmt: skip


def _through_head(
    log: StepLog, model: nn.Module, anatomy: Anatomy, seen: Sequence[LeafCall], state: Tensor,
    hidden: Tensor, logits: Tensor, ids: Sequence[int],
) -> tuple[str, Tensor | None]:  # fmt: skip
    """The steps inside a head that is more than one product; (its product, the scores again)."""
    for small in reversed(seen):
        weight: Any = getattr(small.call.module, "weight", None)
        if not isinstance(weight, Tensor) or small.made.shape[1] < len(logits):
            continue
        found = _shift(model, anatomy, small.made[:, : len(logits)], logits)
        if found is None:
            continue
        way = find_links(seen, state[None], small.taken, 0, code=True)
        if way is None or weight.shape != (small.made.shape[1], small.taken.shape[1]):
            continue
        _links(log, way, 0)
        bias: Any = getattr(small.call.module, "bias", None)
        scores = as_float64(weight[list(ids)]) @ as_float64(small.taken[0])
        plain = scores if bias is None else scores + as_float64(bias[list(ids)])
        plain = plain + found[list(ids)]
        return small.call.path, as_float64(anatomy.tail.after(plain[None])[0])
    _to_hidden(log, model, anatomy, seen, state, hidden)
    return anatomy.tail.unembedding, None


def _shift(model: nn.Module, anatomy: Anatomy, made: Tensor, logits: Tensor) -> Tensor | None:
    """(V,) what the head's code adds to a product (1, V), mostly nothing; None for another one."""
    nothing, module = torch.zeros_like(logits), model.get_submodule(anatomy.tail.unembedding)
    vectors = (as_float64(p) for p in module.parameters() if p.shape == logits.shape)
    for shift in (nothing, *vectors):
        given = as_float64(anatomy.tail.after(as_float64(made) + shift)[0])
        if close(given, logits, tolerance(made.dtype)):
            return shift
    return None


def _probabilities(
    log: StepLog, logits: Tensor, ids: list[int], options: Mapping[str, Any], *, masked: bool
) -> None:
    """Softmax, and what sampling did to it: temperature, top-k, top-p."""
    temperature = float(options.get("temperature") or 0)
    plain = logits.softmax(0)
    said = "what stands here" if masked else "the next token"
    log.add(RecordedStep(
        "probability", f"Softmax: {said}", STAGE, "exp(logit) / sum of exp(logits)",
        plain[ids], ("k",), inputs=("logits",), recomputed=_softmax(logits)[ids], ids=ids,
    ))  # fmt: skip
    if temperature > 0:
        warm = _softmax(logits / temperature)
        log.add(RecordedStep(
            "temperature", "Temperature", STAGE,
            f"exp(logit / {temperature:g}) / sum over the vocabulary", warm[ids], ("k",),
            inputs=("logits",), recomputed=(logits / temperature).softmax(0)[ids], ids=ids,
        ))  # fmt: skip
        kept, words = _kept(warm, options)
        if words:
            filtered = torch.where(kept, warm, 0.0)
            filtered = filtered / filtered.sum()
            log.add(RecordedStep(
                "filtered", "Keep the likeliest", STAGE,
                f"{words}; {_counted(int(kept.sum()))} left, their probabilities sum to 1",
                filtered[ids], ("k",), inputs=("temperature",), ids=ids,
            ))  # fmt: skip


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

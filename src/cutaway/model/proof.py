"""Proving what was found, on another text than it was found on.

The logit lens: every capture in place leaves the logits as they are; the tail of the last state
is the model's logits; and with the last block bypassed the model's logits are the tail of the
state before it (a tail that merely repeats the logits would pass the first two).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from ..core.errors import MissingError
from ..trace.card import Capability
from .attend import prove_attention
from .block_kinds import kinds_seen, modules_of_kinds, not_run
from .block_parts import Parts, find_parts
from .blocks import BlockList
from .equality import close, tolerance
from .forward import as_input, forward, logits_of
from .fused_experts import activations, expert_arguments, outputs_from_neurons
from .hooks import forward_hooks, forward_pre_hooks, module_calls, replaced_output
from .jacobian import is_cut
from .kernel_calls import caught
from .prove_calls import WatchedAttention, beside_mlps, prove_calls
from .prove_routing import prove_routing
from .record import recording
from .record_attention import modules_of_blocks
from .sites import first_of, last_of
from .structure import Anatomy, Tail

__all__ = ["bypassed", "prove", "prove_saliency"]

_MADE_WITHOUT = (
    "its weights were made under torch.inference_mode, and no gradient goes through such tensors: "
    "load the model outside of it"
)
_NO_GRADIENT = "torch knows no gradient of an operation in its modules"
_UNSUPPORTED = "this architecture is not supported"
_NO_TAIL = (
    "no chain of this model's modules gives its logits, and its own code after the last block "
    "needs more than that block's state"
)
_TOGETHER = (
    "its unembedding answers a state by which others are read with it, as one that rounds all its "
    "inputs together does (dynamic quantisation); leave the unembedding as it was before"
)


def prove(
    model: nn.Module,
    anatomy: Anatomy,
    blocks: BlockList,
    parts: Parts,
    tails: Sequence[Tail],
    token_ids: Sequence[int],
) -> Anatomy:
    """The anatomy with what is proven of it on these tokens, and the first of the tails that holds.

    Raises MissingError naming the tail where no way from the last state to the logits is exact.
    """
    logits = logits_of(forward(model, as_input(model, token_ids)))[0]
    seen = _watched_pass(model, anatomy, blocks, token_ids, logits)
    tail = _true_tail(model, anatomy, tails, token_ids, seen.states, logits)
    heads, attention = prove_attention(model, anatomy, token_ids, seen.attention.calls)
    proven, queries = prove_calls(model, replace(anatomy, tail=tail), seen.attention)
    routed, experts = prove_routing(model, parts, seen.parts, token_ids)
    capabilities = {
        "logit lens": Capability(True, "the lens of the last two states equals the model's logits"),
        "inside": _inside(parts, seen.parts),
        "neurons": _neurons(model, anatomy, parts, seen.parts, token_ids),
        "saliency": prove_saliency(model, anatomy, token_ids),
        "attention": attention,
        "queries and keys": queries,
    }
    if experts is not None:
        capabilities["experts"] = experts
    return replace(proven, capabilities=capabilities, heads=heads, blocks=routed)


@dataclass(frozen=True)
class _Seen:
    """What was seen of one pass over the text that things are proven on.

    states     layer -> (T, width)
    attention  the calls of kernels and of the modules beside the MLPs
    parts      what the rules find in the blocks on this text
    """

    states: Mapping[int, Tensor]
    attention: WatchedAttention
    parts: Parts


def _watched_pass(
    model: nn.Module,
    anatomy: Anatomy,
    blocks: BlockList,
    token_ids: Sequence[int],
    logits: Tensor,
) -> _Seen:
    """One pass with every capture in place, which must leave the logits as they are."""
    states: dict[int, Tensor] = {}

    def take(_: str, layer: int, rows: Tensor) -> None:
        states[layer] = rows[0, : len(token_ids)].clone()

    beside, kinds = beside_mlps(model, anatomy), modules_of_kinds(model, blocks, which=-1)
    with (
        recording(model, anatomy, ("states",), take),
        caught(modules_of_blocks(model, anatomy)) as attended,
        module_calls({**beside, **kinds}, arguments=True) as seen,
    ):
        watched = logits_of(forward(model, as_input(model, token_ids)))[0]
    if not close(watched, logits, tolerance(anatomy.stream.dtype)):
        raise MissingError(
            "a way to look into the model",
            because="it answers something else when its modules are watched",
            fix=_UNSUPPORTED,
        )
    found = kinds_seen(model, blocks, seen, watched, which=-1)
    if found is None:
        raise not_run()
    own = [call for call in seen if call.path in beside]
    attention = WatchedAttention(attended, own, len(token_ids))
    return _Seen(states, attention, find_parts(blocks, found))


def _true_tail(
    model: nn.Module,
    anatomy: Anatomy,
    tails: Sequence[Tail],
    token_ids: Sequence[int],
    states: Mapping[int, Tensor],
    logits: Tensor,
) -> Tail:
    """The first tail for which both laws of the lens hold, for all rows and for one alone."""
    last = anatomy.stream.called[-1]
    with bypassed(model, anatomy, [last]):
        without = logits_of(forward(model, as_input(model, token_ids)))[0]
    bound = tolerance(anatomy.stream.dtype)
    because = _NO_TAIL
    for tail in tails:
        lens = (tail.logits(tail.hidden(states[layer])) for layer in (last, last - 1))
        if all(close(a, b, bound) for a, b in zip(lens, (logits, without), strict=True)):
            if close(tail.logits(tail.hidden(states[last][:1])), logits[:1], bound):
                return tail
            because = _TOGETHER
    raise MissingError(
        "the tail, which turns the last block's state into logits", because=because,
        fix=_UNSUPPORTED,
    )  # fmt: skip


@contextmanager
def bypassed(model: nn.Module, anatomy: Anatomy, layers: Sequence[int]) -> Iterator[None]:
    """The model with some blocks handing on what they take."""
    stream, taken = anatomy.stream, dict[int, Tensor]()
    blocks = {layer: anatomy.blocks[layer] for layer in layers}

    def take(layer: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        taken[layer] = stream.entry.take(args, kwargs)

    def hand_on(layer: int, _args: Any, _kwargs: Any, output: Any) -> Any:
        return stream.exit.write(output, taken.pop(layer))

    firsts = {layer: first_of(model, block) for layer, block in blocks.items()}
    lasts = {layer: last_of(model, block) for layer, block in blocks.items()}
    with forward_pre_hooks(firsts, take), forward_hooks(lasts, hand_on):
        yield


def _inside(first: Parts, again: Parts) -> Capability:
    why = first.lacking.get("inside") or again.lacking.get("inside")
    if why is not None:
        return Capability(False, why)
    if [block.inside for block in first.blocks] != [block.inside for block in again.blocks]:
        return Capability(False, "two texts place it at different modules")
    return Capability(True, "state + attention is the one inside; that + MLP is the block's output")


def _neurons(
    model: nn.Module, anatomy: Anatomy, first: Parts, again: Parts, token_ids: Sequence[int]
) -> Capability:
    places = [[(b.down, b.experts) for b in parts.blocks] for parts in (first, again)]
    obstacle = first.lacking.get("neurons") or again.lacking.get("neurons")
    if obstacle is not None:
        return Capability(False, obstacle)
    if all(place == (None, None) for place in places[0]):
        return Capability(False, first.lacking["MLP"])
    if places[0] != places[1]:
        return Capability(False, "two texts place them at different modules")
    if not _mixtures_hold(model, anatomy, token_ids):
        return Capability(False, "the experts' outputs can't be had again from their activations")
    return Capability(True, "the down-projection's output is a plain product with them")


def _mixtures_hold(model: nn.Module, anatomy: Anatomy, token_ids: Sequence[int]) -> bool:
    """Whether every mixture's output is had again from the activations of its experts."""
    mixtures = {
        block.experts.path: model.get_submodule(block.experts.path)
        for block in anatomy.blocks
        if block.experts is not None
    }
    with module_calls(mixtures, arguments=True) as seen:
        if mixtures:
            forward(model, as_input(model, token_ids))
    for call in seen:
        hidden, expert_ids, weights = expert_arguments(call.args, call.kwargs)[:3]
        neurons = activations(call.module, hidden, expert_ids)
        again = outputs_from_neurons(call.module, neurons, expert_ids, weights)
        given = call.outputs[None]
        if not close(again.reshape(given.shape), given, tolerance(given.dtype)):
            return False
    return True


def prove_saliency(model: nn.Module, anatomy: Anatomy, token_ids: Sequence[int]) -> Capability:
    """Whether the gradient of a logit reaches the embedding's output."""
    # Off-loaded weights are brought for each pass, and quantised ones packed in the first.
    made = (weight for weight in model.parameters() if weight.is_floating_point())
    if any(weight.is_inference() and not weight.is_meta for weight in made):
        return Capability(False, _MADE_WITHOUT)
    try:
        with torch.inference_mode(False), torch.enable_grad():
            logit, leaves = _logit_from_leaf(model, anatomy, token_ids)
            if not logit.requires_grad:
                return Capability(False, "no gradient reaches the embeddings in this model's code")
            if is_cut(logit):
                return Capability(False, _NO_GRADIENT)
            (gradient,) = torch.autograd.grad(logit, leaves[0], allow_unused=True)
    except NotImplementedError as error:  # a kernel that runs forwards only, as flex attention's
        return Capability(False, f"no gradient goes through its modules ({error})")
    if gradient is None or not gradient.isfinite().all() or not gradient.any():
        return Capability(False, "the gradient at the embeddings is not finite, or 0")
    return Capability(True, "the gradient of a logit reaches the embeddings")


def _logit_from_leaf(
    model: nn.Module, anatomy: Anatomy, token_ids: Sequence[int]
) -> tuple[Tensor, list[Tensor]]:
    """The largest last logit, and the embedding's output, call by call, as leaves it is made of.

    Raises NotImplementedError where the embedding gives something else than rows of one text.
    """
    leaves: list[Tensor] = []

    def detach(output: Any) -> Any:
        if not isinstance(output, Tensor):  # I-BERT's: a row and its scale
            raise NotImplementedError("the embedding gives more than its rows")
        if len(output) > 1:  # XLNet's: (T, 1, width)
            raise NotImplementedError("the embedding gives the texts of a batch side by side")
        leaves.append(output.detach().clone().requires_grad_())
        return leaves[-1].clone()  # some models go on in place, which a leaf does not allow

    with replaced_output(model.get_submodule(anatomy.embedding), detach):
        output = forward(model, as_input(model, token_ids))
    return logits_of(output)[0, -1].max(), leaves

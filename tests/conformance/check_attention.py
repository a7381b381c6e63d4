"""Attention: the weights are those of a second model that is built to run eagerly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from cutaway.model.kernel_calls import caught
from tests.models import kind_of, tiny_model

from .expected import AHEAD, HALVES, HIDES, SINKS
from .survey import IDS, Found, NoReference, answered, reads_twice, run_plain

__all__ = ["check_attention", "check_calls", "check_crossings", "eager"]

Weights = Mapping[int, np.ndarray]


def check_attention(found: Found) -> None:
    """Every head of every block that attends, against eager attention; rows are whole."""
    capability = found.lm.card.capabilities["attention"]
    heads = {n: count for n, (count, _) in found.lm.anatomy.heads.items()}
    assert bool(heads) == capability.proven
    own = {n: found.lm.attention(found.trace, n, range(count)) for n, count in heads.items()}
    if own:
        check_equal(found, own)
        check_rows(found, own)
        check_heads(found, own)


def check_equal(found: Found, own: Weights) -> None:
    expected = by_layer(found, eager(found.model, found.family))
    check_answered(expected, len(own))
    with told_apart(found, expected):
        for weights, other in zip(own.values(), expected, strict=True):
            assert weights.shape[1:] == (len(IDS), len(IDS))
            np.testing.assert_allclose(weights, other, atol=1e-4, rtol=0)


def check_rows(found: Found, own: Weights) -> None:
    """Rows sum to 1, or to less where there are sinks; no decoder that speaks looks ahead."""
    family = kind_of(found.family)[1]
    looks = found.lm.card.is_masked or family in AHEAD
    asked = not found.lm.card.task
    missing = [1 - weights.sum(-1).min() for weights in own.values()]
    assert (max(missing) > 0.01) == (family in SINKS)
    for weights in own.values():
        assert weights.min() >= 0
        assert weights.sum(-1).max() < 1 + 1e-5
        assert family in SINKS or weights.sum(-1).min() > 1 - 1e-5
        assert not asked or (np.triu(weights, 1).max() > 0) == looks


def check_heads(found: Found, own: Weights) -> None:
    """One head, or two in another order, are rows of all heads."""
    layer, weights = list(own.items())[-1]
    n_heads, n_groups = found.lm.anatomy.heads[layer]
    assert len(weights) == n_heads
    assert n_heads % n_groups == 0
    for heads in ([n_heads - 1], [1, 0]):
        one = found.lm.attention(found.trace, layer, heads)
        np.testing.assert_allclose(one, weights[heads], atol=1e-5, rtol=0)


def check_calls(found: Found) -> None:
    """Queries and keys, where they were recorded, give the same weights by themselves."""
    assert bool(found.trace.calls) == found.lm.card.capabilities["queries and keys"].proven
    for layer, call in found.trace.calls.items():
        heads = range(call.n_heads)
        own = found.lm.attention(found.trace, layer, heads)
        np.testing.assert_allclose(call.weights(heads), own, atol=1e-4, rtol=0)


def check_crossings(found: Found) -> None:
    """An encoder-decoder's weights on its source are those of eager attention too."""
    if not reads_twice(found.model):
        return
    card = found.lm.card
    layers = [n for n, count in enumerate(card.cross_heads) if count]
    assert bool(layers) == card.capabilities["cross-attention"].proven
    if not layers:
        return
    answer = run_plain(eager_twin(found.model, found.family), output_attentions=True)
    expected = [one[0].numpy() for one in answer.cross_attentions]
    check_answered(expected, len(layers))
    with told_apart(found, expected):
        for layer, other in zip(layers, expected, strict=True):
            own = found.lm.cross_attention(found.trace, layer, range(card.cross_heads[layer]))
            assert own.shape[1:] == (len(IDS), len(found.trace.source_ids))
            np.testing.assert_allclose(own, other, atol=1e-4, rtol=0)


def check_answered(expected: Sequence[np.ndarray], n_layers: int) -> None:
    if len(expected) != n_layers:
        raise NoReference(f"{len(expected)} attentions are answered of {n_layers} blocks")


@contextmanager
def told_apart(found: Found, expected: Sequence[np.ndarray]) -> Iterator[None]:
    """What fails inside is NoReference where the eager model is another model, by its answer, or
    where what it answers is no weights, by its rows' sums."""
    try:
        yield
    except AssertionError as failure:
        most = max(float(one.sum(-1).max()) for one in expected)
        if not 0.5 < most < 1 + 1e-3 or min(float(one.min()) for one in expected) < 0:
            words = f"what is answered is no weights: rows sum to {most:.3g} at most"
            raise NoReference(words) from failure
        own, other = (
            answered(run_plain(model)).double()
            for model in (found.model, eager_twin(found.model, found.family))
        )
        gap = float((own - other).abs().max() / own.abs().max())
        if gap > 1e-3:
            words = f"built to run eagerly it is another model: its logits differ by {gap:.2g}"
            raise NoReference(words) from failure
        raise


def eager_twin(model: Any, family: str, **overrides: Any) -> Any:
    """A model of its own, built to run eagerly on the same weights."""
    other = tiny_model(family, seed=1, attn_implementation="eager", **overrides)
    other.load_state_dict(model.state_dict())
    assert other.config._attn_implementation == "eager"
    return other


def eager(model: Any, family: str, **overrides: Any) -> list[np.ndarray]:
    """(H, T, T) of each attention, as transformers answers to `output_attentions=True`.

    Where it answers none (BigBird), what the attention modules return.
    """
    other = eager_twin(model, family, **overrides)
    returned: list[torch.Tensor] = []
    run_plain(other)  # BigBird exchanges its attention modules on a short text
    for module in other.modules():
        if type(module).__name__.endswith("SelfAttention"):
            module.register_forward_hook(
                lambda _, __, answer: returned.extend(
                    answer[1:2] if isinstance(answer, tuple) else ()
                )
            )
    output = run_plain(other, output_attentions=True)
    own = output.decoder_attentions if reads_twice(model) else output.attentions
    return [one[0].float().numpy() for one in own or returned if one is not None]


def by_layer(found: Found, answered: list[np.ndarray]) -> list[np.ndarray]:
    """The attentions of a model as a list by layer, for the families that list something else."""
    family = kind_of(found.family)[1]
    if family in HIDES:  # they leave out the sink, which takes a share
        taken = shares(found.model)
        return [one * share[..., None] for one, share in zip(answered, taken, strict=True)]
    if family == "squeezebert":  # it answers scores, as they are before the softmax
        return [np.exp(one) / np.exp(one).sum(-1, keepdims=True) for one in answered]
    if family == "funnel":  # its encoder's blocks shorten the text: no stream goes through
        return answered[-4:]
    if family in HALVES:  # two attentions in each block
        pairs = zip(answered[::2], answered[1::2], strict=True)
        return [np.concatenate(pair) for pair in pairs]
    if family == "minimax":  # what its linear attention returns is no weights
        kinds = found.model.config.layer_types
        check_answered(answered, len(kinds))
        return [one for one, kind in zip(answered, kinds, strict=True) if kind == "full_attention"]
    return answered


def shares(model: Any) -> list[np.ndarray]:
    """(H, T) of each layer: what the softmax leaves to tokens beside one more score, the sink."""
    found = []
    with torch.inference_mode(), caught({m: n for n, m in enumerate(model.modules())}) as calls:
        run_plain(model)
    for (call,) in calls.values():
        keys = call.key.repeat_interleave(call.query.shape[1] // call.key.shape[1], 1).double()
        scores = (call.query.double() @ keys.mT * call.options["scaling"])[0]
        window = call.options.get("sliding_window") or len(IDS)
        looks = torch.ones(scores.shape[-2:], dtype=torch.bool).tril().triu(1 - window)
        scores = scores.masked_fill(~looks, -torch.inf)
        sinks = call.module.sinks.detach().double()[:, None, None].expand(-1, len(IDS), 1)
        found.append(1 - torch.cat([scores, sinks], -1).softmax(-1)[..., -1].numpy())
    return found

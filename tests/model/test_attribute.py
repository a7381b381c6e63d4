"""Batched saliency equals one backward pass a token, in every kind of model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from cutaway.core.errors import MissingError, UnknownError
from cutaway.model.attribute import METHODS, attribute
from cutaway.model.load import wrap
from cutaway.trace.card import Capability
from cutaway.trace.source import Attribution
from tests.models import shared_lm, tiny

#: Learned and rotary positions, scaled and capped embeddings, mixtures, states without attention.
FAMILIES = ("llama", "gpt2", "gemma2", "qwen3", "gpt_neox", "mixtral", "mamba", "bloom", "opt")
TEXT = "The keys to the cabinet are on the table, 1, 2"


def plain_loop(lm, ids, targets, explained, quantity, leaf=None):
    """One forward and one backward pass a target, over the whole model, weights and all."""
    leaf = lm.model.get_submodule(lm.anatomy.embedding) if leaf is None else leaf
    norms, sums, values = [], [], []
    for target, token in zip(targets, explained, strict=True):
        held = {}

        def keep(module, args, output, held=held):
            held["x"] = output.detach().requires_grad_(True)
            return held["x"]

        hook = leaf.register_forward_hook(keep)
        logits = lm.model(torch.tensor([ids[:target]]), use_cache=False).logits[0, -1].float()
        hook.remove()
        value = quantity(logits)[token]
        (gradient,) = torch.autograd.grad(value, held["x"])
        products = (gradient * held["x"])[0].detach().numpy()
        norms.append(np.linalg.norm(products, axis=-1))
        sums.append(products.sum(axis=-1))
        values.append(value.item())
    return norms, sums, values


@pytest.mark.parametrize("family", FAMILIES)
def test_input_x_gradient_equals_a_loop(family):
    lm = shared_lm(family)
    ids = lm.trace(TEXT).token_ids
    targets = tuple(range(1, len(ids)))
    answer = attribute(lm.model, lm.anatomy, lm.trace(TEXT), Attribution(targets, ids[1:]))
    norms, sums, values = plain_loop(lm, ids, targets, ids[1:], lambda logits: logits)
    for row, target in enumerate(targets):
        largest = norms[row].max()
        np.testing.assert_allclose(answer.score[row, :target], norms[row], atol=1e-5 * largest)
        np.testing.assert_allclose(answer.signed[row, :target], sums[row], atol=1e-5 * largest * 8)
        assert np.isnan(answer.score[row, target:]).all()
    np.testing.assert_allclose(answer.value, values, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "quantity"),
    [
        ("log_probability", lambda logits: logits.log_softmax(-1)),
        ("probability", lambda logits: logits.softmax(-1)),
    ],
)
def test_other_quantities_equal_a_loop(name, quantity):
    lm = shared_lm("llama")
    ids = lm.trace(TEXT).token_ids
    targets = (2, 9)
    wanted = Attribution(targets, (5, 6), quantity=name)
    answer = attribute(lm.model, lm.anatomy, lm.trace(TEXT), wanted)
    norms, _, values = plain_loop(lm, ids, targets, (5, 6), quantity)
    for row, target in enumerate(targets):
        np.testing.assert_allclose(answer.score[row, :target], norms[row], rtol=1e-4)
    np.testing.assert_allclose(answer.value, values, rtol=1e-4)


def test_a_contrast_is_the_difference_of_two_signed_scores():
    lm = shared_lm("llama")
    trace = lm.trace(TEXT)

    def signed(contrast=None, token=5):
        wanted = Attribution((7,), (token,), contrast)
        return attribute(lm.model, lm.anatomy, trace, wanted).signed[0, :7]

    np.testing.assert_allclose(signed((9,)), signed() - signed(token=9), rtol=1e-4, atol=1e-5)


def test_log_probability_and_probability_have_the_same_shares():
    lm = shared_lm("gpt2")
    trace = lm.trace(TEXT)
    rows = [
        attribute(lm.model, lm.anatomy, trace, Attribution((8,), (4,), quantity=name)).score[0, :8]
        for name in ("log_probability", "probability")
    ]
    shares = [row / row.sum() for row in rows]
    np.testing.assert_allclose(*shares, rtol=1e-4)


@pytest.mark.parametrize("layer", [0, 2, 3])
def test_an_inner_leaf_equals_a_loop_over_that_state(layer):
    lm = shared_lm("gpt2")
    ids = lm.trace(TEXT).token_ids
    wanted = Attribution((4, 8), (4, 5), at_layer=layer)
    answer = attribute(lm.model, lm.anatomy, lm.trace(TEXT), wanted)
    leaf = lm.model.transformer.h[layer]
    norms, sums, _ = plain_loop(lm, ids, (4, 8), (4, 5), lambda logits: logits, leaf)
    for row, target in enumerate((4, 8)):
        np.testing.assert_allclose(answer.score[row, :target], norms[row], rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(answer.signed[row, :target], sums[row], rtol=1e-4, atol=1e-5)


def test_the_state_before_block_0_is_the_embedding_where_nothing_is_added():
    lm = shared_lm("llama")
    trace = lm.trace(TEXT)
    at = [
        attribute(lm.model, lm.anatomy, trace, Attribution((8,), (4,), at_layer=layer)).score
        for layer in (None, -1)
    ]
    np.testing.assert_array_equal(*at)


def test_only_the_last_source_counts_after_the_last_block():
    lm = shared_lm("llama")
    answer = attribute(lm.model, lm.anatomy, lm.trace(TEXT), Attribution((8,), (4,), at_layer=3))
    assert (answer.score[0, :7] == 0).all()
    assert answer.score[0, 7] > 0


def test_the_model_is_left_as_it_was():
    lm = wrap(*tiny("gpt2"))
    lm.model.train()
    lm.model.transformer.h[1].eval()
    frozen = lm.model.transformer.h[0].mlp.c_fc.weight.requires_grad_(False)
    modes = [module.training for module in lm.model.modules()]
    attribute(lm.model, lm.anatomy, lm.trace(TEXT), Attribution((3,), (4,)))
    assert [module.training for module in lm.model.modules()] == modes
    assert not frozen.requires_grad
    assert lm.model.transformer.wte.weight.requires_grad
    assert all(not m._forward_hooks and not m._forward_pre_hooks for m in lm.model.modules())
    assert all(parameter.grad is None for parameter in lm.model.parameters())


def test_the_model_is_left_as_it_was_after_an_error():
    lm = shared_lm("llama")
    trace = lm.trace(TEXT)
    with pytest.raises(IndexError):
        attribute(lm.model, lm.anatomy, trace, Attribution((3,), (10_000,)))
    assert all(parameter.requires_grad for parameter in lm.model.parameters())
    assert all(not module._forward_hooks for module in lm.model.modules())


@pytest.mark.parametrize("off", [torch.no_grad, torch.inference_mode])
def test_gradients_are_had_where_the_caller_has_none(tiny_lm, off):
    trace = tiny_lm.trace(TEXT)
    wanted = Attribution((3,), (4,))
    plain = attribute(tiny_lm.model, tiny_lm.anatomy, trace, wanted)
    with off():
        inside = attribute(tiny_lm.model, tiny_lm.anatomy, trace, wanted)
    np.testing.assert_array_equal(inside.score, plain.score)


def test_an_unknown_method_is_named():
    lm = shared_lm("llama")
    with pytest.raises(UnknownError, match="unknown method 'shap'; known: 'input_x_gradient'"):
        attribute(lm.model, lm.anatomy, lm.trace(TEXT), Attribution((3,), (4,), method="shap"))
    assert "occlusion" in METHODS


class _Packed(torch.autograd.Function):
    """A product whose backward pass reads numbers out: it can't be batched."""

    @staticmethod
    def forward(ctx, x, weight):
        ctx.save_for_backward(weight)
        return x @ weight.float().T

    @staticmethod
    def backward(ctx, gradient):
        (weight,) = ctx.saved_tensors
        scale = 1.0 if gradient.abs().max().item() >= 0 else 0.0
        return gradient @ weight.float() * scale, None


class _PackedLinear(torch.nn.Module):
    """Whole-number weights, as in a quantised model: no gradient ever reaches them."""

    def __init__(self, linear):
        super().__init__()
        self.register_buffer("scale", linear.weight.detach().abs().max() / 127)
        self.register_buffer("weight", (linear.weight.detach() / self.scale).round().to(torch.int8))

    def forward(self, x):
        return _Packed.apply(x, self.weight.float() * self.scale)


def test_a_quantised_model_works_and_says_that_it_goes_singly():
    model, tokenizer = tiny("llama")
    for layer in model.model.layers:
        layer.mlp.down_proj = _PackedLinear(layer.mlp.down_proj)
    lm = wrap(model, tokenizer)
    trace = lm.trace(TEXT)
    ids = trace.token_ids
    answer = attribute(lm.model, lm.anatomy, trace, Attribution((3, 9), (ids[3], ids[9])))
    norms, _, _ = plain_loop(lm, ids, (3, 9), (ids[3], ids[9]), lambda logits: logits)
    for row, target in enumerate((3, 9)):
        np.testing.assert_allclose(answer.score[row, :target], norms[row], rtol=1e-4)
    assert "singly" in answer.notes["batched"]


def test_a_model_that_reads_ahead_is_refused():
    """Targets share a pass: a state must not depend on what comes after it."""
    lm = shared_lm("xlnet")
    with pytest.raises(MissingError, match="reads tokens after the one it says"):
        attribute(lm.model, lm.anatomy, lm.trace(TEXT), Attribution((3,), (4,), method="occlusion"))


def test_a_model_without_gradients_can_still_be_occluded():
    lm = shared_lm("llama")
    none = {**lm.anatomy.capabilities, "saliency": Capability(False, "no gradient reaches them")}
    anatomy = replace(lm.anatomy, capabilities=none)
    trace = lm.trace(TEXT)
    with pytest.raises(MissingError, match="no gradient reaches them; method='occlusion'"):
        attribute(lm.model, anatomy, trace, Attribution((3,), (4,)))
    options = {"how": "replace", "replacement": 9}
    wanted = Attribution((3,), (4,), method="occlusion", options=options)
    assert np.isfinite(attribute(lm.model, anatomy, trace, wanted).score[0, :3]).all()

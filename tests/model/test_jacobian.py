"""Gradients in one batch, or one by one where a kernel can't be batched."""

from __future__ import annotations

import pytest
import torch

from cutaway.model.jacobian import gradients


class Unbatched(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return 2 * x

    @staticmethod
    def backward(ctx, gradient):
        return 2 * gradient if gradient.sum().item() > -1e30 else gradient


def test_both_ways_agree():
    leaf = torch.randn(3, 5, requires_grad=True)
    values = torch.stack([leaf.sin().sum(), leaf.prod(), (leaf[1] ** 2).sum()])
    together, batched = gradients(values, leaf)
    singly, unbatched = gradients(values, leaf, batched=False)
    assert (batched, unbatched) == (True, False)
    torch.testing.assert_close(together, singly)


def test_a_kernel_that_can_not_be_batched_goes_singly():
    leaf = torch.ones(4, requires_grad=True)
    rows, batched = gradients(torch.stack([Unbatched.apply(leaf)[0], leaf.sum()]), leaf)
    assert not batched
    assert rows.tolist() == [[2, 0, 0, 0], [1, 1, 1, 1]]


def test_an_error_of_the_model_is_not_hidden():
    class Broken(Unbatched):
        @staticmethod
        def backward(ctx, gradient):
            raise RuntimeError("no memory for the products")

    leaf = torch.ones(4, requires_grad=True)
    with pytest.raises(RuntimeError, match="no memory"):
        gradients(Broken.apply(leaf)[:2], leaf)

"""What is multiplied by values is seen, as it was, and nothing else is."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from cutaway.model.observed_weights import WeightObserver

T, H, D = 6, 4, 5


@pytest.fixture
def parts() -> tuple[torch.Tensor, torch.Tensor]:
    """(1, H, T, T) weights that look back, and (1, H, T, D) values."""
    generator = torch.Generator().manual_seed(3)
    scores = torch.randn(1, H, T, T, generator=generator).masked_fill(
        torch.ones(T, T, dtype=torch.bool).triu(1), float("-inf")
    )
    return scores.softmax(-1), torch.randn(1, H, T, D, generator=generator)


PRODUCTS = {
    "@": lambda w, v: w @ v,
    "matmul": torch.matmul,
    "bmm": lambda w, v: torch.bmm(w[0], v[0]),
    "einsum": lambda w, v: torch.einsum("bhij,bhjd->bihd", w, v),
}


@pytest.mark.parametrize("product", PRODUCTS)
def test_every_way_to_multiply_values_is_seen(parts, product: str) -> None:
    weights, values = parts
    with WeightObserver(T) as seen:
        PRODUCTS[product](weights, values)
    (found,) = seen.found
    assert torch.equal(found.weights, weights[0])
    assert found.n_groups == H


def test_values_that_heads_share_are_counted_once(parts) -> None:
    weights, values = parts
    with WeightObserver(T) as seen:
        weights @ values[:, :1]
        weights @ values[:, [0, 0, 1, 1]]
        weights @ values[:, [0, 0, 0, 1]]  # not even: no groups
    assert [found.n_groups for found in seen.found] == [1, 2, 4]


def test_what_is_no_row_of_shares_is_not_taken_for_weights(parts) -> None:
    weights, values = parts
    signed = weights.clone()
    signed[0, 0, 2, :2] = torch.tensor([2.0, -2.0])
    signed[0, 0, 2] /= signed[0, 0, 2].sum()
    with WeightObserver(T) as seen:
        values @ values.mT  # scores
        (0.9 * weights) @ values
        signed @ values
        weights[..., :-1] @ values[..., :-1, :]  # over fewer keys than there are tokens
    assert seen.found == []
    assert seen.hinted == 0


def test_what_changes_after_the_product_does_not_change_the_record(parts) -> None:
    weights, values = parts
    before = weights[0].clone()
    with WeightObserver(T) as seen:
        weights @ values
        weights.zero_()
    assert torch.equal(seen.found[0].weights, before)


@pytest.mark.parametrize("mask", ["none", "causal", "bool", "numbers"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_torch_s_own_attention_is_seen_into(mask: str, dtype: torch.dtype) -> None:
    generator = torch.Generator().manual_seed(4)
    query = torch.randn(1, H, T, D, generator=generator).to(dtype)
    key, value = (torch.randn(1, 2, T, D, generator=generator).to(dtype) for _ in range(2))
    looks = torch.ones(T, T, dtype=torch.bool).tril()
    bias = torch.randn(1, H, T, T, generator=generator).to(dtype)
    options = {
        "none": {}, "causal": {"is_causal": True}, "bool": {"attn_mask": looks},
        "numbers": {"attn_mask": bias},
    }[mask]  # fmt: skip
    with WeightObserver(T) as seen:
        functional.scaled_dot_product_attention(
            query, key, value, scale=0.7, enable_gqa=True, **options
        )
    scores = query.double() @ key.double().repeat_interleave(2, 1).mT * 0.7
    if mask in ("causal", "bool"):
        scores = scores.masked_fill(~looks, float("-inf"))
    if mask == "numbers":
        scores = scores + bias.double()
    (found,) = seen.found
    torch.testing.assert_close(found.weights.double(), scores.softmax(-1)[0], atol=1e-6, rtol=0)
    assert found.n_groups == 2
    assert seen.hinted == 1


def test_another_thread_is_not_seen(parts) -> None:
    from threading import Thread

    weights, values = parts
    with WeightObserver(T) as seen:
        other = Thread(target=lambda: weights @ values)
        other.start()
        other.join()
    assert seen.found == []

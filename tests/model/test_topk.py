"""`top_k` equals a full stable sort: values, ids and the order of equal ones."""

from __future__ import annotations

import pytest
import torch

from cutaway.model.topk import BLOCK, top_k


def sorted_k(logits, k):
    full = logits.sort(dim=-1, descending=True, stable=True)
    return full.values[..., :k], full.indices[..., :k]


@pytest.mark.parametrize("V", [1, 7, BLOCK, 2 * BLOCK * 9 + 1, 3001, 4096])
@pytest.mark.parametrize("levels", [2, 50, None])
def test_equals_a_full_sort(V, levels):
    random = torch.Generator().manual_seed(V)
    logits = torch.randn(3, 5, V, generator=random)
    if levels is not None:  # few different values: ties everywhere, within and between blocks
        logits = torch.randint(0, levels, (3, 5, V), generator=random).float()
    for k in {1, min(9, V), V}:
        values, ids = top_k(logits, k)
        expected_values, expected_ids = sorted_k(logits, k)
        assert torch.equal(values, expected_values)
        assert torch.equal(ids, expected_ids)


def test_all_in_one_block_or_one_in_each():
    logits = torch.zeros(1, 50 * BLOCK)
    logits[0, 7 * BLOCK : 7 * BLOCK + 10] = torch.arange(10, 0, -1).float()
    assert top_k(logits, 10)[1].tolist() == [list(range(7 * BLOCK, 7 * BLOCK + 10))]
    logits = torch.zeros(1, 50 * BLOCK)
    logits[0, BLOCK - 1 :: BLOCK] = torch.arange(50).float() + 1
    assert top_k(logits, 10)[1].tolist() == [[i * BLOCK + BLOCK - 1 for i in range(49, 39, -1)]]


def test_masked_tokens_come_last():
    logits = torch.full((1, 40 * BLOCK + 3), -torch.inf)
    logits[0, [5, 40 * BLOCK + 2]] = torch.tensor([1.0, 2.0])
    values, ids = top_k(logits, 3)
    assert ids.tolist() == [[40 * BLOCK + 2, 5, 0]]
    assert values.tolist() == [[2.0, 1.0, -torch.inf]]

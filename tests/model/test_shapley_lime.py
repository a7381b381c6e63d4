"""Captum's samplers, asked about a model that is additive in its tokens and so has one answer."""

from __future__ import annotations

import numpy as np
import pytest

from cutaway.model.attribute import attribute
from cutaway.trace.source import Attribution

TEXT = "The keys to the cabinet are on"
METHODS = ("shapley_value_sampling", "kernel_shap", "lime")


def sampled(lm, method, targets=(5,), samples=60, seed=0):
    wanted = Attribution(
        targets, (4,) * len(targets), quantity="log_probability", method=method,
        options={"samples": samples, "seed": seed, "how": "replace", "replacement": 9},
    )  # fmt: skip
    return attribute(lm.model, lm.anatomy, lm.trace(TEXT), wanted)


@pytest.mark.parametrize("method", METHODS)
def test_the_same_seed_gives_the_same_scores_and_leaves_torch_alone(tiny_lm, method):
    import torch

    before = torch.random.get_rng_state()
    first, again = (sampled(tiny_lm, method, samples=20).score for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert torch.equal(before, torch.random.get_rng_state())
    assert not np.array_equal(first, sampled(tiny_lm, method, samples=20, seed=1).score)


@pytest.mark.parametrize("method", METHODS[:2])
def test_the_parts_sum_to_what_all_tokens_are_worth(tiny_lm, method):
    """Efficiency: Shapley values sum to f(text) - f(nothing), however few samples."""
    from cutaway.model.token_removal import masked
    from cutaway.trace.source import Ablation

    answer = sampled(tiny_lm, method)
    trace = tiny_lm.trace(TEXT)
    ends = masked(
        tiny_lm.model, tiny_lm.anatomy, trace, Ablation(5, 4, ((), tuple(range(5))), "replace", 9)
    )
    assert answer.score[0, :5].sum() == pytest.approx(ends[0] - ends[1], abs=0.02)


@pytest.mark.parametrize("method", METHODS)
def test_one_source_bears_it_all(tiny_lm, method):
    one = sampled(tiny_lm, method, targets=(1,)).score
    np.testing.assert_array_equal(one, sampled(tiny_lm, METHODS[0], targets=(1,)).score)
    assert np.isnan(one[0, 1:]).all()

"""Integrated gradients sum to the whole on a smooth model, and say so where they do not."""

from __future__ import annotations

import numpy as np
import pytest

from cutaway.core.errors import InvalidError
from cutaway.model.attribute import attribute
from cutaway.model.load import wrap
from cutaway.model.quadrature import Line, adaptive, even
from cutaway.trace.source import Attribution
from tests.models import tiny

TEXT = "The keys to the cabinet are on"


def integrated(lm, **options):
    defaults = {"baseline": 9, "keep_first": False, "steps": 20, "spacing": "even"}
    wanted = Attribution(
        (3, 6), (4, 5), quantity="log_probability", method="integrated_gradients",
        options={**defaults, **options},
    )  # fmt: skip
    return attribute(lm.model, lm.anatomy, lm.trace(TEXT), wanted)


@pytest.fixture(scope="module")
def smooth():
    """LayerNorms and GELU, and weights small enough to integrate."""
    model, tokenizer = tiny("gpt2")
    for name, parameter in model.named_parameters():
        if parameter.dim() == 2 and "wte" not in name and "wpe" not in name:
            parameter.data.mul_(0.3)
    return wrap(model, tokenizer)


@pytest.mark.parametrize("baseline", [9, "mean"])
def test_the_gap_goes_to_zero_with_steps(smooth, baseline):
    one, two, many = (
        integrated(smooth, steps=steps, baseline=baseline).gap.max() for steps in (1, 2, 30)
    )
    assert two < one / 2
    assert many < 1e-4 < one


def test_the_gap_is_what_the_scores_miss(tiny_lm):
    """On a rough model, from the zero vector, with few steps: reported truly."""
    answer = integrated(tiny_lm, baseline="zero", steps=6)
    import torch

    embedding = tiny_lm.model.get_input_embeddings()
    for row, (target, token) in enumerate([(3, 4), (6, 5)]):
        ids = torch.tensor([tiny_lm.trace(TEXT).token_ids[:target]])
        with torch.no_grad():
            ends = [
                tiny_lm.model(inputs_embeds=scale * embedding(ids)).logits[0, -1].log_softmax(-1)
                for scale in (0.0, 1.0)
            ]
        rise = (ends[1][token] - ends[0][token]).item()
        missed = abs(answer.score[row, :target].sum() - rise) / abs(rise)
        assert answer.gap[row] == pytest.approx(missed, rel=1e-2)


def test_a_token_equal_to_the_baseline_has_no_part(smooth):
    ids = smooth.trace(TEXT).token_ids
    answer = integrated(smooth, baseline=ids[1])
    assert answer.score[0, 1] == 0
    assert (answer.score[0, [0, 2]] != 0).all()


def test_a_text_that_is_its_baseline_has_no_scores_and_no_gap(smooth):
    wanted = Attribution(
        (3,), (4,), method="integrated_gradients",
        options={"baseline": 9, "keep_first": False, "steps": 6, "spacing": "adaptive"},
    )  # fmt: skip
    answer = attribute(smooth.model, smooth.anatomy, smooth.trace([9, 9, 9, 9]), wanted)
    assert (answer.score[0, :3] == 0).all()
    assert answer.gap[0] == 0


def test_the_first_token_can_be_kept(smooth):
    answer = integrated(smooth, keep_first=True)
    assert (answer.score[:, 0] == 0).all()
    assert answer.gap.max() < 0.05
    wanted = Attribution(
        (1,), (4,), method="integrated_gradients",
        options={"baseline": 9, "keep_first": True, "steps": 6, "spacing": "even"},
    )  # fmt: skip
    with pytest.raises(InvalidError, match="its only source is the first token"):
        attribute(smooth.model, smooth.anatomy, smooth.trace(TEXT), wanted)


def test_the_mean_embedding_is_no_inner_state(tiny_lm):
    wanted = Attribution(
        (3,), (4,), method="integrated_gradients", at_layer=1,
        options={"baseline": "mean", "keep_first": False, "steps": 6, "spacing": "even"},
    )  # fmt: skip
    with pytest.raises(InvalidError, match="invalid baseline 'mean'"):
        attribute(tiny_lm.model, tiny_lm.anatomy, tiny_lm.trace(TEXT), wanted)


def bump(counter=None):
    """A value with a cliff at 0.1, and its slope in two equal parts."""

    def value(alpha):
        return np.array([np.tanh((alpha - 0.1) / 0.01)])

    def slopes(alphas):
        if counter is not None:
            counter.extend(alphas)
        whole = (1 - np.tanh((np.array(alphas) - 0.1) / 0.01) ** 2) / 0.01
        return np.stack([whole / 2, whole / 2], axis=1)[:, None]

    return Line(slopes, value)


def test_halving_finds_a_cliff_that_even_steps_miss():
    whole = bump().rise(0.0, 1.0)[0]
    gap = {
        name: abs(found.parts.sum() - whole) / whole
        for name, found in {
            "even": even(bump(), 60), "adaptive": adaptive(bump(), 60, 0.01)
        }.items()
    }  # fmt: skip
    assert gap["adaptive"] < 0.01
    assert gap["adaptive"] < gap["even"]


def test_the_steps_are_a_limit():
    asked: list[float] = []
    adaptive(bump(asked), 20, 0.0)
    assert len(asked) <= 20


def crossing(cliff: float) -> Line:
    """Two slopes whose sum is smooth: what one gains on a cliff the other loses."""

    def slopes(alphas):
        step = 4 * (1 - np.tanh((np.array(alphas) - cliff) / 0.1) ** 2)
        return np.stack([1 + step, 1 - step], axis=1)[:, None]

    return Line(slopes, lambda alpha: np.array([2 * alpha]))


@pytest.mark.parametrize("cliff", [0.31, 0.62, 0.87])
def test_errors_that_cancel_in_the_sum_are_found_all_the_same(cliff):
    """The sum is right from the first stretch on; each part is not."""
    few, many = (adaptive(crossing(cliff), steps, 0.001) for steps in (9, 400))
    rise = 0.4 * (np.tanh((1 - cliff) / 0.1) + np.tanh(cliff / 0.1))
    assert abs(few.parts.sum() - 2) < 1e-9
    assert few.moved[0] > 0.05
    np.testing.assert_allclose(many.parts, [[1 + rise, 1 - rise]], atol=0.001)
    assert many.moved[0] < 0.001


def test_what_was_never_halved_is_not_called_settled():
    assert np.isinf(adaptive(crossing(0.3), 6, 0.01).moved).all()
    assert np.isnan(even(crossing(0.3), 6).moved).all()

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
    np.testing.assert_allclose(many.parts, [[1 + rise, 1 - rise]], atol=0.001 * (1 + rise))
    assert many.moved[0] < 0.001


def test_the_error_is_seldom_more_and_not_ten_times_less_than_scores_move():
    """On 40 lines of random cliffs, by a closed form, wherever scores are off by 0.1 % and more."""
    draws, ratios = np.random.default_rng(0), []
    for _ in range(40):
        line, truth = cliffs(draws)
        for steps in (13, 29, 45):
            found = adaptive(line, steps, 0.0)
            error = np.abs(found.parts - truth).max() / np.abs(truth).max()
            ratios += [found.moved[0] / error] if error > 1e-3 else []
    assert len(ratios) > 30
    assert np.mean(np.array(ratios) < 1) < 0.1
    assert np.median(ratios) < 10


def cliffs(draws, n: int = 6):
    """A line of n sources with three smooth steps each, at places they share, and its integrals."""
    place, width = draws.uniform(0, 1, 3), 10 ** draws.uniform(-1.5, -0.5, 3)
    size = draws.standard_normal((3, n))

    def risen(alpha):
        return np.tanh((np.asarray(alpha)[..., None] - place) / width)

    def slopes(alphas):
        return ((1 - risen(alphas) ** 2) / width @ size)[:, None]

    line = Line(slopes, lambda alpha: np.array([(risen(alpha) @ size).sum()]))
    return line, (risen(1.0) - risen(0.0)) @ size


def test_no_slope_is_read_twice_and_halving_wastes_none():
    asked: list[float] = []
    line = bump(asked)
    found = adaptive(line, 61, 0.0)
    assert len(asked) == len(set(asked)) == 61
    assert abs(found.parts.sum() - line.rise(0.0, 1.0)[0]) < 1e-4
    assert np.isnan(even(crossing(0.3), 6).moved).all()


def test_a_baseline_where_the_model_has_no_number_is_refused():
    """Norms that divide by the size of nothing: 0 / 0 at the zero vector."""
    lm = wrap(*tiny("llama", rms_norm_eps=0.0))
    for spacing in ("adaptive", "even"):
        wanted = Attribution(
            (3,), (4,), method="integrated_gradients",
            options={"baseline": "zero", "keep_first": False, "steps": 9, "spacing": spacing},
        )  # fmt: skip
        with pytest.raises(InvalidError, match="invalid baseline 'zero'"):
            attribute(lm.model, lm.anatomy, lm.trace(TEXT), wanted)


def test_what_leaves_every_second_slope_out_is_exact_for_a_cubic():
    """Simpson's rule: so nothing moves, and five slopes are enough."""
    line = Line(lambda a: 4 * np.reshape(a, (-1, 1, 1)) ** 3, lambda a: np.array([a**4]))
    found = adaptive(line, 60, 0.01)
    np.testing.assert_allclose(found.parts, [[1]], atol=1e-12)
    np.testing.assert_allclose(found.moved, 0, atol=1e-12)

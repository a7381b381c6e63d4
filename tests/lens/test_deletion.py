"""The deletion curve: its ends, its controls, its ties."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from cutaway.core.errors import InvalidError
from cutaway.lens.deletion import deletion, order
from cutaway.lens.saliency import saliency

TEXT = "The keys to the cabinet are on the table"


@pytest.fixture(scope="module")
def trace(tiny_lm):
    return tiny_lm.trace(TEXT)


@pytest.fixture(scope="module")
def explained(trace):
    return saliency(trace, targets=[3, 8])


def test_all_orders_start_and_end_together(trace, explained):
    curve = deletion(trace, explained)
    assert curve["run"].values.tolist() == ["saliency", "occlusion", "random", "constant"]
    probability = curve["probability"].values
    np.testing.assert_allclose(probability[:, 0], np.exp(saliency_value(trace, 8)), rtol=1e-4)
    np.testing.assert_allclose(probability[:, -1], probability[0, -1], rtol=1e-4)
    assert curve["k"].values.tolist() == list(range(9))
    assert sorted(curve["place"].values.tolist()) == list(range(1, 9))


def saliency_value(trace, target):
    asked = saliency(trace, targets=target, quantity="log_probability")
    return float(asked["value"][0])


def test_a_step_is_the_text_without_the_tokens_that_went_first(trace, explained):
    import torch

    curve = deletion(trace, explained, target=3, replacement=9)
    gone = [i for i in range(3) if curve["place"].values[i] <= 2]
    ids = [9 if i in gone else token for i, token in enumerate(trace.token_ids[:3])]
    with torch.no_grad():
        logits = trace.source.model(torch.tensor([ids])).logits[0, -1]
    expected = logits.softmax(-1)[trace.token_ids[3]].item()
    assert float(curve["probability"].sel(run="saliency", k=2)) == pytest.approx(expected, rel=1e-4)


def test_a_fall_is_the_mean_of_what_is_lost_at_every_step(trace, explained):
    curve = deletion(trace, explained)
    probability = curve["probability"].values.astype(np.float64)
    fall = [np.mean([row[0] - after for after in row[1:]]) for row in probability]
    np.testing.assert_allclose(curve["fall"], fall, atol=1e-7)
    assert float(curve["advantage"]) == pytest.approx(fall[0] - fall[2], abs=1e-7)


#: What each of eight tokens takes away when it goes.
LOSSES = np.array([0.05, 0.2, 0.01, 0.3, 0.02, 0.1, 0.15, 0.04])


@dataclass(frozen=True)
class Fading:
    """A source whose probability is 1 less what the tokens that went took away."""

    source: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self.source, name)

    def ablate(self, trace, wanted):
        return np.log([1 - LOSSES[list(gone)].sum() for gone in wanted.removed])


def test_every_curve_is_that_of_its_order(trace, explained):
    """Occlusion takes the greatest loss first, a scorer that knows nothing the least."""
    curve = deletion(replace(trace, source=Fading(trace.source)), explained, seed=4)
    draws = np.random.default_rng(4)
    random = [draws.permutation(8) for _ in range(10)]
    told = np.argsort(-explained["saliency"].sel(target=8).values[:8])
    falling = {"saliency": [told], "occlusion": [np.argsort(-LOSSES)], "random": random,
               "constant": [np.argsort(LOSSES)]}  # fmt: skip
    means = {}
    for run, orders in falling.items():
        found = np.array([[1 - sum(LOSSES[each[:k]]) for k in range(9)] for each in orders])
        means[run] = (found[:, :1] - found[:, 1:]).mean(axis=1)
        expected = found.mean(axis=0)
        np.testing.assert_allclose(curve["probability"].sel(run=run), expected, atol=1e-6)
        if run == "random":  # the bootstrap's interval is nearly that of a normal mean
            wide = 2 * 1.96 * found.std(axis=0)[1:8] / np.sqrt(10)
            np.testing.assert_allclose((curve["high"] - curve["low"])[1:8], wide, rtol=0.1)
    wide = 2 * 1.96 * means["random"].std() / np.sqrt(10)
    assert curve["advantage_high"] - curve["advantage_low"] == pytest.approx(wide, rel=0.1)


def test_the_seed_makes_the_random_orders(trace, explained):
    first, again, other = (deletion(trace, explained, seed=seed) for seed in (0, 0, 1))
    assert first.identical(again)
    drawn = [curve["probability"].sel(run="random").values for curve in (first, other)]
    assert not np.array_equal(*drawn)
    assert (first["low"] <= first["high"] + 1e-9).all()
    assert first["advantage_low"] <= first["advantage"] <= first["advantage_high"]


def test_a_scorer_that_ties_everything_gains_nothing():
    lost = np.array([3.0, 1.0, 2.0])
    assert order(np.zeros(3), lost).tolist() == [1, 2, 0]
    assert order(np.array([1.0, 1.0, 5.0]), lost).tolist() == [2, 1, 0]


def test_long_texts_have_at_most_11_points(tiny_lm):
    trace = tiny_lm.trace(TEXT * 4)
    curve = deletion(trace, saliency(trace, targets=trace.n_positions))
    assert len(curve["k"]) == 11
    assert curve["k"].values[[0, -1]].tolist() == [0, trace.n_positions]


def test_a_target_that_was_not_explained_is_refused(trace, explained):
    with pytest.raises(InvalidError, match=r"invalid target 4; allowed: .*3, 8"):
        deletion(trace, explained, target=4)

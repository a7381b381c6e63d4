"""Experts: scores, choices, loads and entropies of mixtures that were made by hand."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from cutaway.core.errors import InvalidError, MissingError
from cutaway.lens.routing import experts
from cutaway.trace.keep import material_bytes

from .fakes import fake_trace
from .routed import routed, routed_trace


def test_loads_and_entropies_are_those_of_a_plain_loop() -> None:
    trace = routed_trace(20, count=6, k=2)
    data = experts(trace)
    assert list(data["layer"].values) == [0, 1, 2]
    for layer in (0, 1, 2):
        rows = trace.materials["experts"][layer].astype(np.float64)
        called = Counter(int(e) for row in rows[:, 6:8] for e in row)
        own = data.sel(layer=layer)
        loads = [called[e] / 20 for e in range(6)]
        np.testing.assert_allclose(own["load"].values, loads, rtol=1e-6)
        entropy = [-sum(p * np.log(p) for p in row[:6]) for row in rows]
        np.testing.assert_allclose(own["entropy"].values, entropy, rtol=1e-5)
        shares = np.array([called[e] / 40 for e in range(6) if called[e]])
        np.testing.assert_allclose(own["load_entropy"], -(shares * np.log(shares)).sum(), rtol=1e-5)
        assert (own["passed_over"] == 0).all()


def test_the_strongest_expert_comes_first_with_its_own_score() -> None:
    scores = np.array([[0.1, 0.2, 0.7], [0.5, 0.3, 0.2]])
    trace = routed([(scores, np.array([[1, 2], [1, 0]]), np.array([[0.2, 0.8], [0.4, 0.6]]))])
    data = experts(trace)
    np.testing.assert_array_equal(data["chosen"][0], [[2, 1], [0, 1]])
    np.testing.assert_allclose(data["weight"][0], [[0.8, 0.2], [0.6, 0.4]])
    np.testing.assert_allclose(data["chosen_probability"][0], [[0.7, 0.2], [0.5, 0.3]])


def test_experts_that_scored_better_and_were_not_called_are_counted() -> None:
    """One whose score is the least of those called, and no better, is not passed over."""
    scores = np.array([[0.4, 0.3, 0.2, 0.1], [0.4, 0.3, 0.2, 0.1], [0.3, 0.3, 0.3, 0.1]])
    trace = routed([(scores, np.array([[0, 1], [3, 0], [0, 1]]), np.full((3, 2), 0.5))], "sigmoid")
    np.testing.assert_array_equal(experts(trace)["passed_over"][0], [0, 2, 0])


def test_an_expert_of_weight_0_is_not_called() -> None:
    scores = np.array([[0.6, 0.4], [0.3, 0.7]])
    trace = routed([(scores, np.array([[0], [0]]), np.array([[0.6], [0.0]]))])
    data = experts(trace)
    np.testing.assert_array_equal(data["chosen"][0, :, 0], [0, -1])
    np.testing.assert_array_equal(data["load"][0], [0.5, 0.0])
    assert np.isnan(data["weight"][0, 1, 0])


def test_mixtures_of_unlike_sizes_stand_beside_each_other() -> None:
    small = (np.full((3, 2), 0.5), np.zeros((3, 1)), np.ones((3, 1)))
    large = (np.full((3, 4), 0.25), np.tile([1, 3], (3, 1)), np.full((3, 2), 0.5))
    data = experts(routed([small, None, large]))
    assert data["probability"].shape == (2, 3, 4)
    assert data["probability"][0, :, 2:].isnull().all()
    assert (data["chosen"][0, :, 1] == -1).all()
    assert data["load"][0, 2:].isnull().all()
    assert list(data["experts"].values) == [2, 4]
    assert "layers without a mixture: 1" in data.attrs["notes"]


def test_a_mixture_whose_scores_are_not_known_says_so() -> None:
    trace = routed_trace(5, layers=1)
    rows = {0: trace.materials["experts"][0][:, 8:]}
    card = replace(trace.card, routers=((8, 2, ""), (0, 0, "")))
    data = experts(replace(trace, card=card, materials={"experts": rows}))
    assert data["probability"].isnull().all()
    assert (data["passed_over"] == -1).all()
    assert data["load"].sum() == pytest.approx(2)
    assert "no scores of layer 0" in data.attrs["notes"]
    assert material_bytes(card, 5, ("experts",)) == {"experts": rows[0].nbytes}


def test_what_is_no_mixture_is_refused_by_number() -> None:
    trace = routed_trace(4, layers=2)
    assert list(experts(trace, layers=[1, 0])["layer"].values) == [0, 1]
    with pytest.raises(MissingError, match=r"experts of layer 2: it has no mixture.*among 0, 1"):
        experts(trace, layers=2)
    with pytest.raises(InvalidError):
        experts(trace, layers=-1)
    with pytest.raises(MissingError, match="missing the experts: this model has none"):
        experts(fake_trace([np.ones((4, 3))]))
    assert material_bytes(trace.card, 4, ("experts",))["experts"] == trace.nbytes


def test_a_layer_that_calls_nobody_has_no_load_to_spread() -> None:
    trace = routed([(np.full((2, 3), 1 / 3), np.zeros((2, 1)), np.zeros((2, 1)))])
    data = experts(trace)
    assert (data["load"] == 0).all()
    assert data["load_entropy"].isnull().all()
    np.testing.assert_allclose(data["entropy"], np.log(3), rtol=1e-6)

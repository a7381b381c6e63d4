"""Laws of the factors: non-negative, true to their error, blind to a gated sign."""

from __future__ import annotations

import numpy as np
import pytest

from cutaway.core.errors import InvalidError, MissingError, UnknownError
from cutaway.lens import activation_rows
from cutaway.lens.factors import factors

from .fakes import fake_trace


def activations(seed: int = 0, T: int = 12, widths: tuple[int, ...] = (20, 15)):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(T, n)) for n in widths]


def test_factors_and_loadings_are_non_negative_and_reproduce_the_activations_to_the_error():
    arrays = activations()
    data = factors(fake_trace(arrays), n=4)
    factor, loading = data["factor"].values, data["loading"].values
    assert (factor >= 0).all()
    assert (loading >= 0).all()
    left = total = 0.0
    for layer, array in enumerate(arrays):
        for neuron in range(array.shape[1]):
            made = sum(factor[f] * loading[f, layer, neuron] for f in range(4))
            true = np.maximum(array[:, neuron], 0)
            left += ((true - made) ** 2).sum()
            total += (true**2).sum()
    assert data.attrs["error"] == pytest.approx(np.sqrt(left / total), rel=1e-5)
    assert 0 < data.attrs["error"] < 1


def test_a_planted_factor_is_found():
    pattern = np.zeros((2, 10))
    pattern[0, [1, 5]], pattern[1, [3, 8]] = 1, 2
    rng = np.random.default_rng(1)
    weight = np.zeros((30, 2))
    weight[:12, 0], weight[12:, 1] = rng.uniform(1, 2, 12), rng.uniform(1, 2, 18)
    data = factors(fake_trace([(weight @ pattern).T]), n=2)
    peaks = {tuple(np.flatnonzero(row > 0.5 * row.max())) for row in data["factor"].values}
    assert peaks == {(1, 5), (3, 8)}
    assert sorted(data["neurons"].values.tolist()) == [12, 18]
    assert data["overlap"].values.tolist()[0][1] == 0
    assert data.attrs["error"] < 1e-3
    assert data["neurons_per_layer"].values.sum() == 30


def test_the_sign_of_a_gated_neuron_changes_no_factor():
    arrays = activations(3)
    flipped = [array.copy() for array in arrays]
    flipped[0][:, [2, 7, 11]] *= -1
    flipped[1][:, 4] *= -1
    a = factors(fake_trace(arrays, gated=True), n=3)
    b = factors(fake_trace(flipped, gated=True), n=3)
    assert a["loading"].dims == ("factor", "layer", "neuron", "part")
    np.testing.assert_array_equal(a["factor"].values, b["factor"].values)
    swapped = b["loading"].values.copy()
    for layer, neuron in [(0, 2), (0, 7), (0, 11), (1, 4)]:
        swapped[:, layer, neuron] = swapped[:, layer, neuron, ::-1]
    np.testing.assert_array_equal(a["loading"].values, swapped)


def test_shares_sum_to_one_and_fall():
    arrays = [array * np.linspace(0.1, 3, len(array))[:, None] for array in activations(5)]
    data = factors(fake_trace(arrays), n=5)
    share = data["share"].values
    assert share.sum() == pytest.approx(1)
    assert (np.diff(share) <= 0).all()
    mass = data["loading"].values.sum(axis=(1, 2)) * data["factor"].values.sum(axis=1)
    np.testing.assert_allclose(share, mass / mass.sum(), rtol=1e-5)


def test_half_counts_the_neurons_that_carry_half_of_the_weight():
    data = factors(fake_trace(activations(6)), n=3)
    for f in range(3):
        weight = np.sort(data["loading"].values[f].ravel())[::-1]
        half = int(data["half"][f])
        assert weight[:half].sum() >= weight.sum() / 2 * (1 - 1e-6)
        assert weight[: half - 1].sum() < weight.sum() / 2


def test_excluded_positions_are_undefined_and_change_nothing():
    arrays = activations(7)
    wild = [array.copy() for array in arrays]
    for array in wild:
        array[0] *= 1000
    a = factors(fake_trace(arrays), n=3, exclude=[0])
    b = factors(fake_trace(wild), n=3, exclude=[0])
    assert np.isnan(a["factor"].values[:, 0]).all()
    np.testing.assert_array_equal(a["factor"].values[:, 1:], b["factor"].values[:, 1:])


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"n": 0}, InvalidError, "n 0"),
        ({"n": 13}, InvalidError, "n 13"),
        ({"layers": 2}, InvalidError, "layer 2"),
        ({"layers": -1}, InvalidError, "layer -1"),
        ({"parts": "both"}, UnknownError, "part 'both'"),
        ({"exclude": [99]}, InvalidError, "99"),
        ({"exclude": 0}, InvalidError, "exclude 0"),
        ({"exclude": range(12)}, InvalidError, "exclude"),
    ],
)
def test_bad_input_is_named(options, error, words):
    with pytest.raises(error, match=words):
        factors(fake_trace(activations()), **options)


def test_one_part_of_a_gated_model_is_refused():
    with pytest.raises(InvalidError, match="gated"):
        factors(fake_trace(activations(), gated=True), parts="positive")


def test_a_model_without_neurons_is_refused():
    with pytest.raises(MissingError, match="neurons"):
        factors(fake_trace([np.zeros((4, 0))]))


def test_a_layer_without_neurons_is_refused_by_number():
    trace = fake_trace([np.ones((4, 3)), np.zeros((4, 0))])
    with pytest.raises(MissingError, match="layer 1"):
        factors(trace, n=1, layers=1)


@pytest.mark.parametrize("block", [1, 3, 100])
def test_rows_that_are_all_zero_are_left_out_in_place(block: int, monkeypatch) -> None:
    monkeypatch.setattr(activation_rows, "_TOGETHER", block)
    rows = np.arange(24.0).reshape(8, 3)
    some = np.array([False, True, True, False, False, True, False, True])
    expected = rows[some].copy()
    np.testing.assert_array_equal(activation_rows.moved_up(rows, some), expected)


def test_rows_of_two_texts_are_those_of_the_one_text_they_make() -> None:
    """Positions excluded in each, blocks of unequal width, rows in an order of their own."""
    a, b = activations(1, T=7), activations(2, T=5)
    both = [np.concatenate([x[1:], y[1:]]) for x, y in zip(a, b, strict=True)]
    for gated in (False, True):
        one = activation_rows.read_activation_rows(fake_trace(both, gated=gated), None, None, ())
        traces = [fake_trace(arrays, gated=gated) for arrays in (a, b)]
        two = activation_rows.read_joined_rows(traces, None, None, (0,))
        for name in ("rows", "layer", "neuron", "part"):
            np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
        assert two.positions == (*range(1, 7), *range(8, 12))

"""Pictures of neurons, clusters and factors: what they carry equals the dataset."""

from __future__ import annotations

import numpy as np
import pytest

from cutaway.lens.clusters import clusters
from cutaway.lens.factors import factors
from cutaway.lens.neurons import neurons
from cutaway.view import neurons as view
from cutaway.view.clusters import ROWS, clusters_spec
from cutaway.view.factors import factors_spec
from cutaway.view.neurons import neurons_spec

from ..lens.fakes import fake_trace


def random_trace(T: int = 9, widths: tuple[int, ...] = (40, 30), **options):
    rng = np.random.default_rng(0)
    return fake_trace([rng.normal(size=(T, n)) for n in widths], **options)


def test_a_small_neuron_page_carries_every_value():
    data = neurons(random_trace())
    spec = neurons_spec(data)
    np.testing.assert_array_equal(spec.arrays["activation"], data["activation"].values)
    assert spec.arrays["neuron"][0].tolist() == list(range(40))
    assert spec.arrays["neuron"][1].tolist() == [*range(30), *[-1] * 10]
    assert spec.header["of"] == [40, 30]


def test_a_large_neuron_page_keeps_the_first_and_the_most_active(monkeypatch):
    monkeypatch.setattr(view, "BUDGET", 4 * 2 * 9 * 30)
    data = neurons(random_trace(widths=(200, 200)))
    spec = neurons_spec(data)
    kept = spec.arrays["neuron"]
    assert kept.shape == (2, 30)
    strongest = np.abs(data["activation"].values).max(axis=2)
    for layer in range(2):
        assert set(range(view.FIRST)) <= set(kept[layer].tolist())
        others = [i for i in kept[layer] if i >= view.FIRST]
        left_out = sorted(set(range(view.FIRST, 200)) - set(others))
        assert strongest[layer, others].min() >= strongest[layer, left_out].max()
        values = data["activation"].values[layer, kept[layer]]
        np.testing.assert_array_equal(spec.arrays["activation"][layer], values)


def test_a_page_of_a_long_text_still_has_the_most_active_neurons_within_its_budget() -> None:
    T, widths = 2000, (40, 30)
    rng = np.random.default_rng(4)
    arrays = [rng.normal(size=(T, width)) for width in widths]
    data = neurons(fake_trace(arrays))
    spec = neurons_spec(data, budget=100_000)
    assert spec.arrays["activation"].nbytes <= 2 * 4 * T * view._FEWEST
    for layer, array in enumerate(arrays):
        kept = spec.arrays["neuron"][layer].tolist()
        most = np.argsort(-np.abs(array[:, 4:]).max(axis=0))[:4] + 4
        assert sorted(kept) == [0, 1, 2, 3, *sorted(most.tolist())]
    assert spec.header["first"] == 4


def test_a_chosen_list_is_shown_whole():
    spec = neurons_spec(neurons(random_trace(), layers=0, neurons=[7, 3]))
    assert spec.arrays["neuron"].tolist() == [[7, 3]]
    assert spec.header["chosen"] is True


def test_cluster_rows_are_shares_of_each_neurons_largest_activation():
    data = clusters(random_trace(), n=3)
    spec = clusters_spec(data)
    assert sum(spec.header["sizes"]) == int((data["cluster"].values >= 0).sum())
    assert (np.diff(spec.arrays["cluster"]) >= 0).all()
    assert (spec.arrays["pattern"].max(axis=1) == 255).all()
    for row in range(len(spec.arrays["layer"])):
        layer, neuron = int(spec.arrays["layer"][row]), int(spec.arrays["neuron"][row])
        assert data["cluster"].values[layer, neuron] == spec.arrays["cluster"][row]
        values = np.maximum(data["activation"].values[layer, neuron], 0)
        share = np.rint(255 * values / values.max())
        np.testing.assert_allclose(spec.arrays["pattern"][row], share, atol=1)


def test_big_clusters_are_thinned_evenly():
    spec = clusters_spec(clusters(random_trace(widths=(400,)), n=2))
    counts = np.bincount(spec.arrays["cluster"])
    assert counts.tolist() == [ROWS, ROWS]


def test_the_factor_picture_carries_the_factors_and_says_how_tokens_are_coloured():
    data = factors(random_trace(n_prompt=6), n=3)
    spec = factors_spec(data)
    np.testing.assert_array_equal(spec.arrays["activation"], data["factor"].values)
    assert spec.header["produced"] == [False] * 6 + [True] * 3
    assert "one position earlier" in spec.header["colouring"]
    assert sum(spec.header["share"]) == pytest.approx(1)


def test_a_massive_first_token_is_pointed_out():
    rng = np.random.default_rng(0)
    array = rng.uniform(0, 1, size=(9, 40))
    array[0] *= 1000
    words = "".join(
        text for _, text in factors_spec(factors(fake_trace([array]))).header["sentence"]
    )
    assert "exclude=[0]" in words
    calm = factors_spec(factors(fake_trace([array]), exclude=[0]))
    assert "exclude=[0]" not in "".join(text for _, text in calm.header["sentence"])

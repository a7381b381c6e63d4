"""Laws of the clusters: every firing neuron has one, planted groups are found."""

from __future__ import annotations

import numpy as np
import pytest

from cutaway.core.errors import InvalidError, UnknownError
from cutaway.lens.clusters import clusters

from .fakes import fake_trace


def planted(seed: int = 0):
    """Thirty neurons that fire at token 1, 4 or 7, at very different strengths; one is silent."""
    rng = np.random.default_rng(seed)
    kind = np.arange(30) % 3
    array = rng.uniform(0, 0.02, size=(9, 31))
    array[[1, 4, 7], :30] += np.eye(3)[:, kind]
    array *= rng.uniform(0.1, 50, size=31)
    array[:, 30] = 0
    return array, kind


def test_planted_groups_are_found_whatever_their_strength():
    array, kind = planted()
    data = clusters(fake_trace([array]), n=3)
    assert data["cluster"].values[0, :30].tolist() == kind.tolist()
    assert data["cluster"].values[0, 30] == -1
    assert data["size"].values.tolist() == [10, 10, 10]
    assert data["centre"].values.argmax(1).tolist() == [1, 4, 7]


def test_by_value_strength_counts():
    array, _ = planted()
    array[:, 0] *= 1000
    data = clusters(fake_trace([array]), n=2, by="value")
    assert sorted(data["size"].values.tolist()) == [1, 29]


def test_the_sign_of_a_gated_neuron_means_nothing():
    array, _ = planted()
    flipped = array * np.where(np.arange(31) % 2, -1, 1)
    a, b = (clusters(fake_trace([x], gated=True), n=3) for x in (array, flipped))
    np.testing.assert_array_equal(a["cluster"].values, b["cluster"].values)


def test_the_same_seed_gives_the_same_clusters():
    rng = np.random.default_rng(2)
    trace = fake_trace([rng.normal(size=(8, 40))])
    a, b = (clusters(trace, n=5, seed=3)["cluster"].values for _ in range(2))
    np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"n": 0}, InvalidError, "n 0"),
        ({"n": 31}, InvalidError, "n 31"),
        ({"exclude": range(9)}, InvalidError, "fewer than all positions"),
        ({"by": "colour"}, UnknownError, "colour"),
        ({"layers": [1]}, InvalidError, "layer 1"),
    ],
)
def test_bad_input_is_named(options, error, words):
    with pytest.raises(error, match=words):
        clusters(fake_trace([planted()[0]]), **options)

"""Factors, clusters and candidates of two runs: found in both at once, the same for both."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.decomposition import NMF

from cutaway.core.errors import InvalidError, UnknownError
from cutaway.lens.compare import compare
from cutaway.lens.factors import factors
from cutaway.lens.neurons import stacked
from cutaway.lens.predictions import predictions
from cutaway.view.kinds import spec_of

from .compared import pair


def apart(data, side: str, array):
    """The part of an axis of slots that a run has, in the order of its positions."""
    at = data[f"position_{side}"].values
    return array[..., np.flatnonzero(at >= 0)[np.argsort(at[at >= 0])]]


def test_factors_are_those_of_both_texts_side_by_side() -> None:
    a, b = pair()
    data = compare(a, b, lens="factors", n=2, layers=[0, 2])
    first, second = data["activation"].values[:2]
    joined = np.concatenate([apart(data, "a", first), apart(data, "b", second)], axis=1)
    loading = data["loading"].values.reshape(2, -1).T
    layers = [np.concatenate([stacked(t, (0, 2)) for t in (a, b)], axis=2)]
    rows = np.maximum(np.stack([layers[0], -layers[0]], axis=2), 0) if a.card.gated else layers[0]
    rows = np.maximum(np.nan_to_num(rows), 0).reshape(-1, joined.shape[1])
    found = np.linalg.norm(rows - loading @ joined) / np.linalg.norm(rows)
    alone = NMF(2, init="nndsvda", max_iter=400, tol=1e-4, random_state=0)
    weight = alone.fit_transform(rows[rows.any(axis=1)])
    best = np.linalg.norm(rows[rows.any(axis=1)] - weight @ alone.components_)
    assert found == pytest.approx(best / np.linalg.norm(rows), abs=1e-3)
    gap = data["activation"].sel(run="difference")
    np.testing.assert_allclose(gap, second - first)


def test_a_text_beside_itself_has_its_own_factors_and_no_difference() -> None:
    a, _ = pair()
    data = compare(a, a, lens="factors", n=2)
    np.testing.assert_allclose(data["activation"].sel(run="difference"), 0, atol=1e-6)
    own = factors(a, n=2)
    shown = data["activation"].values[0]
    for one, other in zip(shown, own["factor"].values, strict=True):
        assert np.corrcoef(one, other)[0, 1] > 0.99


def test_a_clusters_activation_is_the_mean_of_its_neurons() -> None:
    a, b = pair()
    data = compare(a, b, lens="clusters", n=3, layers=[0, 2])
    cluster = data["cluster_of"].values.ravel()
    for side, run, trace in (("a", 0, a), ("b", 1, b)):
        values = np.nan_to_num(stacked(trace, (0, 2))).reshape(len(cluster), -1)
        size = np.abs(values) if trace.card.gated else np.maximum(values, 0)
        means = np.stack([size[cluster == number].mean(0) for number in range(3)])
        shown = apart(data, side, data["activation"].values[run])
        np.testing.assert_allclose(shown, means, rtol=1e-5)
    assert data["size"].values.tolist() == np.bincount(cluster[cluster >= 0]).tolist()


def test_candidates_of_both_race() -> None:
    a, b = pair()
    data = compare(a, b, lens="predictions", k=2)
    wanted = []
    for trace in (a, b):
        wanted += predictions(trace, layer=trace.n_layers - 1, k=2)["token_id"].values[0].tolist()
    assert data["token_id"].values.tolist() == list(dict.fromkeys(wanted))
    last = data["rank"].isel(layer=-1)
    for run, trace in enumerate((a, b)):
        top = predictions(trace, layer=trace.n_layers - 1, k=1)["token_id"].item()
        assert last.values[run, data["token_id"].values.tolist().index(top)] == 1


@pytest.mark.parametrize("lens", ["predictions", "factors", "clusters"])
def test_each_has_a_picture(lens: str) -> None:
    spec = spec_of(compare(*pair(), lens=lens, **({} if lens == "predictions" else {"n": 2})))
    assert spec.kind == "compare"
    opens = spec.header["opens_with"]
    assert spec.arrays[opens].shape[0] == 3
    assert len(spec.header["rows"]) == spec.arrays[opens].shape[1]


def test_other_neurons_and_options_are_refused() -> None:
    a, b = pair()
    other = replace(b, card=replace(b.card, neurons=tuple(n + 1 for n in b.card.neurons)))
    for lens in ("factors", "clusters"):
        with pytest.raises(InvalidError, match="the same neurons"):
            compare(a, other, lens=lens, n=2)
        with pytest.raises(UnknownError, match=f"option of {lens}"):
            compare(a, b, lens=lens, m=2)

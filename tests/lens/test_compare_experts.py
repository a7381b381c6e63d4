"""Experts of two runs: every number against a plain loop over both lenses' own answers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cutaway.core.errors import InvalidError, MissingError
from cutaway.lens.compare import compare
from cutaway.lens.routing import experts

from .compared import pair, routed_pair, routed_text, vocabulary
from .routed import routed


def weights(answer, layer: int, at: int) -> dict[int, float]:
    """Expert -> what multiplies its output, of one lens's answer by order of strength."""
    cell = answer.sel(layer=layer).isel(position=at)
    called = zip(cell["chosen"].values, cell["weight"].values, strict=True)
    return {int(expert): float(weight) for expert, weight in called if expert >= 0}


def test_every_number_is_that_of_a_plain_loop_over_both() -> None:
    a, b = routed_pair()
    data = compare(a, b, lens="experts", names=("she", "he"))
    alone = experts(a), experts(b)
    assert data["layer"].values.tolist() == [0, 2, 3]
    assert data["experts"].values.tolist() == [6, 6, 4]
    slots = list(zip(data["position_a"].values, data["position_b"].values, strict=True))
    apart = np.full((3, len(slots)), np.nan)
    for row, layer in enumerate([0, 2, 3]):
        for slot, at in enumerate(slots):
            cell = data.isel(layer=row, position=slot)
            found = [
                weights(own, layer, i) if i >= 0 else None for own, i in zip(alone, at, strict=True)
            ]
            for expert in range(data["experts"].values[row]):
                told = [np.nan if one is None else one.get(expert, 0.0) for one in found]
                shown = cell["weight"].isel(expert=expert).values
                np.testing.assert_array_equal(shown[:2], told)
                np.testing.assert_array_equal(shown[2], np.float32(told[1]) - np.float32(told[0]))
            first, second = found
            if first is None or second is None:
                assert np.isnan([cell["variation"], cell["shared"], cell["rerouted"]]).all()
                continue
            sums = [sum(one.values()) for one in (first, second)]
            gap = sum(abs(second.get(e, 0) / sums[1] - first.get(e, 0) / sums[0]) for e in range(6))
            assert cell["variation"].item() == pytest.approx(gap / 2, abs=1e-6)
            assert cell["shared"].item() == len(first.keys() & second.keys())
            apart[row, slot] = not first.keys() & second.keys()
    np.testing.assert_allclose(data["rerouted"], apart.mean(axis=0), rtol=1e-6)
    assert 0 < np.nanmean(apart) < 1
    for run, own in enumerate(alone):
        np.testing.assert_array_equal(data["load"].values[run], own["load"].values)
        np.testing.assert_array_equal(data["load_entropy"].values[run], own["load_entropy"].values)
    np.testing.assert_array_equal(data["load"][2], data["load"][1] - data["load"][0])


def test_a_text_beside_itself_goes_to_the_same_experts() -> None:
    a, _ = routed_pair()
    data = compare(a, a, lens="experts")
    assert (data["variation"] == 0).all()
    assert (data["shared"] == 2).all()
    assert (data["rerouted"] == 0).all()


def test_weights_are_compared_as_shares_and_none_called_is_one_expert_more() -> None:
    """Half the size is no change; who calls nobody has nothing in common with who does."""
    scores, text = np.full((7, 4), 0.25), pair()[0].tokens

    def called(weight: list[list[float]]):
        row = (scores, np.tile([1, 3], (7, 1)), np.array(weight))
        return replace(routed([row]), tokens=text)

    a = called([[0.6, 0.2]] * 7)
    b = called([[0.3, 0.1], [0.2, 0.6], [0.0, 0.2], [0.0, 0.0], [0.8, 0.0], [0.6, 0.2], [0.6, 0.2]])
    data = compare(a, b, lens="experts")
    np.testing.assert_allclose(data["variation"][0, :5], [0, 0.5, 0.75, 1, 0.25], atol=1e-6)
    assert data["shared"][0, :5].values.tolist() == [2, 2, 1, 0, 1]
    assert data["rerouted"].values.tolist() == [0, 0, 0, 1, 0, 0, 0]
    nobody = compare(called([[0.0, 0.0]] * 7), called([[0.0, 0.0]] * 7), lens="experts")
    assert (nobody["variation"] == 0).all()
    assert (nobody["rerouted"] == 0).all()


def test_an_expert_that_is_called_twice_has_both_weights() -> None:
    row = np.full((7, 4), 0.25), np.full((7, 2), 3), np.tile([0.6, 0.4], (7, 1))
    trace = replace(routed([row]), tokens=pair()[0].tokens)
    weight = compare(trace, trace, lens="experts")["weight"]
    np.testing.assert_allclose(weight[0, 0], np.tile([0, 0, 0, 1], (7, 1)), rtol=1e-6)


def test_mixtures_of_another_shape_and_models_without_are_refused() -> None:
    a, b = routed_pair()
    routers = ((8, 2, "softmax"), *b.card.routers[1:])
    with pytest.raises(InvalidError, match="equally many experts"):
        compare(a, replace(b, card=replace(b.card, routers=routers)), lens="experts")
    with pytest.raises(MissingError, match="this model has none"):
        compare(*pair(), lens="experts")
    other = routed_text(pair()[0].tokens.texts, vocabulary(pair()[0].tokens.texts), 3)
    tuned = replace(other, card=replace(other.card, name="tuned"))
    assert "two versions of one model" in compare(other, tuned, lens="experts").attrs["notes"]
    assert compare(a, b, lens="experts", layers=[3])["layer"].values.tolist() == [3]

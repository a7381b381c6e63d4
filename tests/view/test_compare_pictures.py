"""The pictures of comparisons hold the numbers of their datasets, to the precision they state."""

from __future__ import annotations

import numpy as np
import pytest

from cutaway.core.errors import MissingError
from cutaway.core.numbers import percent
from cutaway.lens.compare import compare
from cutaway.lens.compare_attention import head_differences
from cutaway.view.compare_attention import compare_attention_spec
from cutaway.view.compare_experts import compare_experts_spec
from cutaway.view.kinds import spec_of
from cutaway.view.spec import Spec

from ..lens.compared import HEADS, B, crossed_pair, long_pair, pair, routed_pair

OPTIONS = {
    "logit_lens": {"k": 3}, "watch": {"tokens": [" nurse"]}, "saliency": {"targets": [3, 6, 7]},
    "neurons": {},
}  # fmt: skip


def attention_picture(**options: int) -> tuple[Spec, np.ndarray]:
    data = compare(*pair(), lens="attention", names=("she", "he"))
    spec = compare_attention_spec(data.assign(head_differences(data).data_vars), **options)
    return spec, data["weight"].values


def test_weights_are_kept_to_a_thousandth_of_a_point() -> None:
    spec, weight = attention_picture()
    N = len(B)
    seen = np.tri(N, dtype=bool)
    for layer in range(3):
        for head in range(HEADS):
            row = spec.arrays["place"][layer, head]
            for run, name in enumerate(("first", "second")):
                kept = spec.arrays[name][row] / 65535
                true = np.nan_to_num(weight[run, layer, head][seen])
                assert np.abs(kept - true).max() <= 0.5 / 65535 + 1e-7
    assert spec.header["causal"]
    assert spec.header["embedded"].startswith("All 12 heads")
    assert spec.later == ("first", "second")


def test_a_thumbnail_is_the_difference_farthest_from_0() -> None:
    spec, weight = attention_picture()
    first, second = np.nan_to_num(weight[:2])
    gap = second - first  # no more slots than pixels: a box is a cell
    expected = np.rint(128 + 127 * np.sign(gap) * np.sqrt(np.abs(gap)))
    assert spec.arrays["thumbnails"].tolist() == expected.astype(int).tolist()


def test_beyond_the_budget_the_heads_that_differ_most_are_kept() -> None:
    N = len(B)
    spec, _ = attention_picture(budget=3 * 4 * N * (N + 1) // 2)
    kept = np.argwhere(spec.arrays["place"] >= 0)
    most = np.argsort(-spec.arrays["variation"], axis=None)[:3]
    assert sorted(map(tuple, kept.tolist())) == sorted(divmod(int(i), HEADS) for i in most)
    assert spec.header["embedded"].startswith("The 3 of 12 heads that differ most")


def test_it_opens_where_the_difference_is_largest_and_says_so() -> None:
    spec, weight = attention_picture()
    variation, opens = spec.arrays["variation"], spec.header["opens"]
    layer, head = divmod(int(variation.argmax()), HEADS)
    assert opens["head"] == f"{layer}.{head}"
    rows = np.nan_to_num(weight[:, layer, head, opens["at"]])
    assert opens["key"] == int(np.abs(rows[1] - rows[0]).argmax())
    said = "".join(text for _, text in spec.header["sentence"])
    assert said.startswith(f"Head {head} of layer {layer} differs most: total variation ")
    first, second = (percent(float(share)) for share in rows[:2, opens["key"]])
    assert said.endswith(f"gets {first} in she and {second} in he.")


def test_a_key_that_one_run_lacks_is_not_said_to_get_nothing_there() -> None:
    data = compare(*pair(), lens="attention", names=("she", "he"))
    data = data.assign(head_differences(data).data_vars)
    opens = compare_attention_spec(data).header["opens"]
    layer, head = map(int, opens["head"].split("."))
    weight = data["weight"].values.copy()
    absent = data["key_a"].values.tolist().index(-1)
    weight[:2, layer, head, opens["at"]] = 0
    weight[1, layer, head, opens["at"], absent] = 1
    spec = compare_attention_spec(data.assign(weight=data["weight"].copy(data=weight)))
    said = "".join(text for _, text in spec.header["sentence"])
    assert said.endswith("is not in she and gets 100 % in he.")


def test_weights_alone_have_no_picture() -> None:
    with pytest.raises(MissingError, match="head_differences"):
        spec_of(compare(*pair(), lens="attention"))


def test_a_long_text_stays_within_the_budget() -> None:
    data = compare(*long_pair(120), lens="attention")
    spec = compare_attention_spec(data.assign(head_differences(data).data_vars), budget=200_000)
    sizes = [spec.arrays[name].nbytes for name in ("first", "second")]
    assert sum(sizes) <= 200_000
    assert spec.arrays["thumbnails"].shape[2:] == (24, 24)


@pytest.mark.parametrize("lens", OPTIONS)
def test_a_grid_holds_both_runs_and_their_difference(lens: str) -> None:
    data = compare(*pair(), lens=lens, names=("she", "he"), **OPTIONS[lens])
    spec = spec_of(data)
    header = spec.header
    name = header["opens_with"]
    values = spec.arrays[name]
    assert values.shape == (3, len(header["rows"]), len(header["columns"]["same"]))
    np.testing.assert_array_equal(values[2], np.where(
        np.isnan(values[2]), np.nan, values[1] - values[0]
    ))  # fmt: skip
    assert header["names"] == ["she", "he"]
    assert {"prompt (she)", "prompt (he)"} <= {row for row, _ in header["provenance"]}
    if lens == "neurons":
        gaps = np.nanmax(np.abs(values[2]), axis=1)
        assert (np.diff(gaps) <= 0).all()
        layer, neuron = map(int, header["rows"][0].split("·"))
        true = data["activation"].sel(run="difference", layer=layer, neuron=neuron).values
        np.testing.assert_array_equal(values[2, 0], true.astype(np.float32))
    else:
        top = data[name].isel(k=0) if "k" in data[name].dims else data[name]
        np.testing.assert_array_equal(values, top.values.astype(np.float32))


def test_a_logit_lens_says_where_the_two_part() -> None:
    data = compare(*pair(), names=("she", "he"))
    spec = spec_of(data)
    words = spec.header["vocabulary"]
    index = spec.arrays["top_index"]
    assert [words[i] for i in index[0, :, 0, 0]] == data["token"].values[0, :, 0, 0].tolist()
    assert (index[0, :, 4] == -1).all()  # no token of the first run stands there
    said = "".join(text for _, text in spec.header["sentence"])
    tops = data["token"].isel(layer=-1, position=-1, k=0).values
    assert said.startswith(f"At ·She / ·He, she says {tops[0]}")
    same = data["same_top"].isel(position=-1).values
    since = int(np.flatnonzero(same != 0)[-1]) if (same != 0).any() else -1
    assert spec.header["rows"][since + 1] in said


def test_cross_attention_has_the_slots_of_both_texts() -> None:
    data = compare(*crossed_pair(), lens="attention", kind="cross", names=("march", "may"))
    spec = compare_attention_spec(data.assign(head_differences(data).data_vars))
    header, weight = spec.header, data["weight"].values
    assert header["causal"] is False
    assert header["inputs"][1] == ["<s>", "2021", "-05", "-12", "</s>"]
    assert header["keys"]["inputs"][0][:2] == ["", "12"]
    assert spec.arrays["thumbnails"].shape == weight.shape[1:]
    for (layer, head), row in np.ndenumerate(spec.arrays["place"]):
        for run, name in enumerate(("first", "second")):
            kept = spec.arrays[name][row].reshape(weight.shape[-2:]) / 65535
            true = np.nan_to_num(weight[run, layer, head])
            assert np.abs(kept - true).max() <= 0.5 / 65535 + 1e-7
    opens = header["opens"]
    key = [side[opens["key"]] for side in header["keys"]["inputs"]]
    said = "".join(text for _, text in header["sentence"])
    assert (key[0] or key[1]) in said.split("There ")[1]


def test_experts_hold_those_that_either_run_called() -> None:
    data = compare(*routed_pair(), lens="experts", names=("she", "he"))
    spec = spec_of(data)
    arrays, weight = spec.arrays, data["weight"].values
    for row, slot in np.ndindex(arrays["variation"].shape):
        both = np.nan_to_num(weight[:2, row, slot])
        called = np.flatnonzero(both.any(axis=0))
        shown = arrays["expert"][row, slot]
        assert sorted(shown[shown >= 0].tolist()) == called.tolist()
        for n, expert in enumerate(shown[: len(called)]):
            np.testing.assert_array_equal(
                arrays["weight"][:, row, slot, n], weight[:2, row, slot, expert]
            )
            np.testing.assert_array_equal(
                arrays["score"][:, row, slot, n],
                data["probability"].values[:2, row, slot, expert],
            )
        assert np.isnan(arrays["weight"][:, row, slot, len(called) :]).all()
    opens = spec.header["opens"]
    assert arrays["rerouted"][opens["slot"]] == np.nanmax(arrays["rerouted"])
    said = "".join(text for _, text in spec.header["sentence"])
    known = ~np.isnan(arrays["variation"])
    none = int((arrays["shared"][known] == 0).sum())
    assert f"{percent(float(arrays['variation'][known].mean(dtype=float)))} of the weight" in said
    assert f"{none} of {int(known.sum())} cells have no expert in common" in said
    a, _ = routed_pair()
    assert "the same experts" in spec_of(compare(a, a, lens="experts")).header["sentence"][0][1]


def test_beyond_the_budget_the_layers_that_differ_most_keep_their_experts() -> None:
    data = compare(*routed_pair(), lens="experts", names=("she", "he"))
    whole = spec_of(data).arrays
    each = whole["expert"][0].nbytes + 2 * whole["weight"][:, 0].nbytes
    for budget, held in ((0, 1), (2 * each - 1, 1), (2 * each, 2)):
        spec = compare_experts_spec(data, budget=budget)
        place = spec.arrays["place"]
        rows = np.flatnonzero(place >= 0)
        most = np.argsort(-np.nansum(whole["variation"], axis=1))[:held]
        assert rows.tolist() == sorted(most.tolist())
        assert spec.header["opens"]["layer"] in rows
        for name in ("expert", "weight", "score"):
            axis = whole[name].ndim - 3
            kept = np.take(whole[name], rows, axis=axis)
            np.testing.assert_array_equal(spec.arrays[name], kept)
        assert f"the {held} of 3 layers that differ most" in spec.header["notes"][-1]

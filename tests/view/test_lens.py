"""The Spec of the logit lens says what its dataset says."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from cutaway.core.errors import UnknownError
from cutaway.view.kinds import spec_of
from cutaway.view.spec import Spec

from .made import HOSTILE, LABELS, VOCAB, logit_lens, predictions


def sentence(spec: Spec) -> str:
    return "".join(text for _, text in spec.header["sentence"])


def quantity(spec: Spec, name: str) -> dict:
    return next(q for q in spec.header["quantities"] if q["name"] == name)


@pytest.mark.parametrize("inside", [False, True])
def test_arrays_equal_the_dataset(inside: bool) -> None:
    data = logit_lens(inside=inside)
    spec = spec_of(data)
    twins = {
        "top_id": "token_id", "top_probability": "probability", "top_logit": "logit",
        "rank": "rank", "surprisal": "surprisal", "entropy": "entropy", "kl": "kl",
    }  # fmt: skip
    for prefix in ("", "inside_") if inside else ("",):
        for array, variable in twins.items():
            np.testing.assert_array_equal(
                spec.arrays[prefix + array], data[prefix + variable].values
            )
    assert spec.header["inside"] is inside
    assert ("inside_rank" in spec.arrays) is inside


def test_axes_in_another_order_give_the_same_picture() -> None:
    data = logit_lens()
    turned = data.transpose("k", "position", "layer")
    assert spec_of(turned).data() == spec_of(data).data()


@pytest.mark.parametrize("inside", [False, True])
def test_every_index_names_the_label_of_its_id(inside: bool) -> None:
    spec = spec_of(logit_lens(inside=inside, rank_of="next"))
    words = spec.header["vocabulary"]
    for name in ("", "inside_") if inside else ("",):
        pairs = zip(
            spec.arrays[f"{name}top_index"].flat, spec.arrays[f"{name}top_id"].flat, strict=True
        )
        assert all((i == -1 and t == -1) or words[i] == LABELS[t] for i, t in pairs)
    targets = spec.header["rank_of"]["target"]
    assert [words[i] for i in targets[:-1]] == spec.header["nexts"][:-1]
    assert targets[-1] == -1


def test_tokens_with_the_same_label_stay_apart() -> None:
    data = logit_lens()
    data["token"].values[:] = "same"
    spec = spec_of(data)
    used = set(spec.arrays["top_id"].ravel().tolist())
    assert len({int(i) for i in spec.arrays["top_index"].ravel()}) == len(used)


def test_the_layer_from_which_the_top_token_stays() -> None:
    data = logit_lens(layers=6)
    ids = data["token_id"].values
    ids[:, -1, 0] = [7, 7, 3, 7, 5, 7, 7]  # layers in, 0, ..., 5
    stays = spec_of(data).header["stays"]
    assert stays["layer"] == 4
    assert stays["position"] == 4
    ids[:, -1, 0] = 7
    assert spec_of(data).header["stays"]["layer"] == -1
    assert "on top from the input state (in) on" in sentence(spec_of(data))


def test_the_sentence_is_built_from_the_numbers() -> None:
    data = logit_lens()
    top = data.isel(layer=-1, position=-1, k=0)
    said = sentence(spec_of(data))
    assert said.startswith(f"At the last position, after {top['input'].item()}, the model says ")
    assert f"{top['token'].item()} with {100 * top['probability'].item():.1f} %" in said
    before = sentence(spec_of(data.isel(position=slice(0, 3))))
    assert before.startswith("At position 2, after ")
    assert f"What came was {data['next'].values[2]}." in before


def test_with_every_other_layer_the_sentence_claims_no_more_than_it_saw() -> None:
    data = logit_lens(layers=6)
    assert "not all of them shown" in sentence(spec_of(data.isel(layer=[0, 1, 3, 6])))
    assert "not all of them shown" not in sentence(spec_of(data))


def test_scales_leave_out_the_input_row_and_what_is_inside() -> None:
    data = logit_lens(inside=True)
    calm = spec_of(data)
    data["kl"][0] = 1e6
    data["inside_kl"][1] = 1e6
    data["surprisal"][0] = 1e6
    data["logit"][0] = 1e6
    wild = spec_of(data)
    assert wild.header["quantities"] == calm.header["quantities"]
    assert 0 < quantity(wild, "kl")["high"] <= float(data["kl"][1:].max())


def test_bounded_quantities_have_their_bounds_as_ends() -> None:
    data = logit_lens()
    data["js"], data["tv"] = data["kl"] * 0, data["kl"] * 0
    spec = spec_of(data)
    ends = {q["name"]: (q["low"], q["high"]) for q in spec.header["quantities"]}
    assert ends["probability"] == (0, 1)
    assert ends["rank"] == (1, VOCAB)
    assert ends["entropy"] == (0, pytest.approx(math.log(VOCAB)))
    assert ends["js"] == (0, pytest.approx(math.log(2)))
    assert ends["tv"] == (0, 1)
    assert [*ends] == ["probability", "logit", "rank", "surprisal", "entropy", "kl", "js", "tv"]


def test_a_scale_never_has_two_equal_ends() -> None:
    one = logit_lens().isel(layer=[-1], position=[-1])  # kl and surprisal 0, one logit
    for q in spec_of(one).header["quantities"]:
        assert q["low"] < q["high"]
    undefined = logit_lens(rank_of="next").isel(position=[-1])  # surprisal NaN
    assert quantity(spec_of(undefined), "surprisal")["high"] == 1


@pytest.mark.parametrize(
    ("rank_of", "name", "words", "opens_with"),
    [
        ("top", "top", "the final layer's top token", "probability"),
        ("next", "next", "the token that came next", "rank"),
        ("input", "input", "the token read there", "rank"),
        ("anything", "token", f"the token {LABELS[3]}", "rank"),
    ],
)
def test_whose_rank_it_is(rank_of: str, name: str, words: str, opens_with: str) -> None:
    spec = spec_of(logit_lens(rank_of=rank_of))
    assert (spec.header["rank_of"]["name"], spec.header["rank_of"]["words"]) == (name, words)
    assert spec.header["opens_with"] == opens_with
    assert words in quantity(spec, "rank")["words"]


def test_the_same_dataset_gives_the_same_spec() -> None:
    first, again = spec_of(logit_lens(inside=True)), spec_of(logit_lens(inside=True))
    assert json.dumps(first.to_json()) == json.dumps(again.to_json())
    assert first.data() == again.data()


def test_where_the_numbers_come_from() -> None:
    spec = spec_of(logit_lens())
    rows = spec.header["provenance"]
    assert ["model", "made-up/model"] in rows
    assert ["precision", "float32 on cpu"] in rows
    assert ["seed", "0"] in rows
    assert ["proven", "logit lens: the last state gives the model's logits"] in rows
    assert ["not available", "inside: attention and MLP read the same state"] in rows
    assert spec.header["notes"] == ["a <note>"]
    assert "\x1b" not in spec.header["title"]


def test_candidates_equal_the_dataset() -> None:
    data = predictions(k=7)
    spec = spec_of(data)
    assert spec.kind == "candidates"
    for array, variable in (("top_id", "token_id"), ("top_probability", "probability")):
        np.testing.assert_array_equal(spec.arrays[array], data[variable].values)
    words = spec.header["vocabulary"]
    shown = [[words[i] for i in row] for row in spec.arrays["top_index"]]
    assert shown == data["token"].values.tolist()
    assert spec.header["position"] == 2
    assert spec.header["layers"] == [-1, 0, 1, 2, 3]


def test_one_layer_does_not_speak_for_the_model() -> None:
    data = predictions()
    assert "layer 1 would say" in sentence(spec_of(data.isel(layer=[2])))
    assert "the model says" in sentence(spec_of(data.isel(layer=[-1])))


def test_a_dataset_that_no_lens_made_is_refused() -> None:
    data = logit_lens()
    data.attrs["lens"] = "telescope"
    with pytest.raises(UnknownError, match=r"'telescope'.*'logit_lens'"):
        spec_of(data)


def test_hostile_labels_travel_as_they_are() -> None:
    data = logit_lens()
    data["token"].values[...] = HOSTILE
    assert HOSTILE in spec_of(data).header["vocabulary"]

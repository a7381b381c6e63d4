"""The logit lens's dataset: names, axes, undefined cells, options, and what is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest

from cutaway.core.errors import InvalidError, UnknownError
from cutaway.lens.logit_lens import logit_lens
from tests.trace.linear import LABELS, L, T, V, linear_trace

TRACE = linear_trace()


class Asked:
    """TRACE's source, which remembers its questions and knows one token by its text."""

    def __init__(self) -> None:
        self.questions = []
        self.pieces = TRACE.source.pieces

    def project(self, trace, question):
        self.questions.append(question)
        return TRACE.source.project(trace, question)

    def token_id(self, text):
        return {" is": 11}[text]


def test_variables_axes_and_types():
    data = logit_lens(TRACE, k=3, distances=("kl", "js", "tv"))
    for name in ("token_id", "token", "probability", "logit"):
        assert data[name].dims == ("layer", "position", "k")
    for name in ("rank", "surprisal", "entropy", "kl", "js", "tv"):
        assert data[name].dims == ("layer", "position")
    assert data["layer"].values.tolist() == [-1, 0, 1, 2]
    assert data["position"].values.tolist() == list(range(T))
    assert data["k"].values.tolist() == [0, 1, 2]
    assert data["token_id"].dtype == data["rank"].dtype == np.int64
    for name in ("probability", "logit", "surprisal", "entropy", "kl", "js", "tv"):
        assert data[name].dtype == np.float32
    assert all("units" in variable.attrs for variable in data.data_vars.values())
    assert data["input"].values.tolist() == list(LABELS)


def test_numbers_are_those_of_the_model():
    data = logit_lens(TRACE, k=V)
    for layer in range(-1, L):
        logits = TRACE.state(layer).astype(np.float64) @ TRACE.source.unembedding
        chosen = data.sel(layer=layer)
        by_id = np.take_along_axis(logits, chosen["token_id"].values, -1)
        np.testing.assert_allclose(chosen["logit"], by_id, rtol=1e-6)
        np.testing.assert_allclose(chosen["probability"].sum("k"), 1, atol=1e-5)


@pytest.mark.parametrize(
    ("rank_of", "ids"),
    [("next", [*TRACE.token_ids[1:], -1]), ("input", list(TRACE.token_ids))],
)
def test_whose_rank(rank_of, ids):
    data = logit_lens(TRACE, k=V, rank_of=rank_of)
    assert data["target_id"].values.tolist() == ids
    for layer in range(-1, L):
        for position, wanted in enumerate(ids):
            cell = data.sel(layer=layer, position=position)
            if wanted < 0:
                assert cell["rank"] == 0
                assert np.isnan(cell["surprisal"])
                assert cell["target"] == "–"
            else:
                place = cell["token_id"].values.tolist().index(wanted)
                assert cell["rank"] == place + 1
                np.testing.assert_allclose(
                    np.exp(-cell["surprisal"]), cell["probability"][place], rtol=1e-5
                )


def test_the_rank_of_the_top_token():
    data = logit_lens(TRACE)
    final = data["token_id"].sel(layer=L - 1, k=0)
    assert (data["target_id"] == final).all()
    assert ((data["rank"] == 1) == (data["token_id"].sel(k=0) == final)).all()


def test_the_rank_of_one_token():
    data = logit_lens(TRACE.attach(Asked()), rank_of=" is")
    assert data["target_id"].values.tolist() == [11] * T
    assert data["target"].values.tolist() == ["·t11"] * T


@pytest.mark.parametrize(
    ("every", "layers"), [(1, [-1, 0, 1, 2]), (2, [-1, 0, 2]), (3, [-1, 0, 2]), (99, [-1, 0, 2])]
)
def test_every_nth_layer_and_always_the_last(every, layers):
    data = logit_lens(TRACE, every=every)
    assert data["layer"].values.tolist() == layers
    whole = logit_lens(TRACE).sel(layer=layers)
    assert data.equals(whole)


def test_a_part_of_the_positions_is_that_part_of_the_whole():
    part = logit_lens(TRACE, positions=slice(1, 3), against="input", rank_of="next")
    whole = logit_lens(TRACE, against="input", rank_of="next")
    assert part.equals(whole.sel(position=[1, 2]))
    assert logit_lens(TRACE, positions=-1)["position"].values.tolist() == [T - 1]


def test_inside_has_the_same_variables_and_nothing_at_the_input():
    asked = Asked()
    data = logit_lens(TRACE.attach(asked), inside=True, distances=("kl", "tv"), k=2)
    states, inside = asked.questions
    assert (states.inside, inside.inside) == (False, True)
    assert (states.layers, inside.layers) == ((-1, 0, 1, 2), (0, 1, 2))
    for name in ("positions", "k", "entropy", "distances", "against"):
        assert getattr(inside, name) == getattr(states, name)
    assert inside.targets[:, 0].tolist() == data["target_id"].values.tolist()
    plain = [name for name in data.data_vars if not str(name).startswith("inside_")]
    for name in plain:
        assert data[f"inside_{name}"].dims == data[name].dims
        assert data[f"inside_{name}"].dtype == data[name].dtype
        assert data[f"inside_{name}"].attrs == data[name].attrs
    first = data.sel(layer=-1)
    assert (first["inside_token_id"] == -1).all()
    assert (first["inside_token"] == "–").all()
    assert (first["inside_rank"] == 0).all()
    for name in ("probability", "logit", "surprisal", "entropy", "kl", "tv"):
        assert np.isnan(first[f"inside_{name}"]).all()
        assert not np.isnan(data[f"inside_{name}"].sel(layer=[0, 1, 2])).any()


def test_the_dataset_says_what_was_asked():
    data = logit_lens(TRACE, k=4, rank_of="next", against="input", distances="tv", positions=[0])
    assert data.attrs["lens"] == "logit_lens"
    assert json.loads(data.attrs["options"]) == {
        "k": 4, "rank_of": "next", "against": "input", "distances": ["tv"], "inside": False,
        "positions": [0], "every": 1, "checked": False,
    }  # fmt: skip
    assert json.loads(data.attrs["model"])["name"] == "linear"


def test_a_trace_that_kept_the_answers_gives_the_same():
    for options in ({"rank_of": "next"}, {"against": "input", "distances": ("kl", "js", "tv")}):
        stored = logit_lens(linear_trace(keep=["lens"]), **options)
        assert stored.identical(logit_lens(TRACE, **options))


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"k": 0}, InvalidError, f"invalid k 0; allowed: a whole number from 1 to {V}"),
        ({"k": V + 1}, InvalidError, f"from 1 to {V}"),
        ({"k": 2.5}, InvalidError, "whole number"),
        ({"every": 0}, InvalidError, "invalid every 0"),
        ({"distances": ("kl", "kll")}, UnknownError, "'kll'; known: 'kl', 'js', 'tv'"),
        ({"against": "first"}, UnknownError, "'first'; known: 'final', 'input'"),
        ({"positions": [T]}, InvalidError, "0 to 4"),
        ({"positions": []}, InvalidError, "at least one"),
        ({"rank_of": 7}, InvalidError, "text of one token"),
    ],
)
def test_what_is_refused(options, error, words):
    with pytest.raises(error) as raised:
        logit_lens(TRACE, **options)
    assert words in str(raised.value)

"""The saliency lens: its shares, its targets, its words and its refusals."""

from __future__ import annotations

import json

import numpy as np
import pytest

from cutaway.core.errors import InvalidError, UnknownError
from cutaway.lens.saliency import ask, saliency
from cutaway.lens.saliency_methods import METHODS
from cutaway.lens.saliency_plan import CHUNK, plan

TEXT = "The keys to the cabinet"
CHEAP = {
    "integrated_gradients": {"steps": 6},
    "shapley_value_sampling": {"samples": 2},
    "kernel_shap": {"samples": 20},
    "lime": {"samples": 40},
}


@pytest.fixture(scope="module")
def trace(tiny_lm):
    return tiny_lm.generate(TEXT, max_new_tokens=4)


@pytest.mark.parametrize("method", METHODS)
def test_shares_sum_to_one_and_no_source_lies_after_its_target(trace, method):
    answer = saliency(trace, method=method, targets=[2, 5, 9], **CHEAP.get(method, {}))
    shares = answer["saliency"]
    assert shares.dims == ("target", "source")
    np.testing.assert_allclose(shares.sum("source"), 1, rtol=1e-5)
    for target in (2, 5, 9):
        row = shares.sel(target=target).values
        assert (row[:target] >= 0).all()
        assert np.isnan(row[target:]).all()
        assert np.isnan(answer["score"].sel(target=target).values[target:]).all()


def test_the_default_explains_what_was_produced(tiny_lm, trace):
    assert saliency(trace)["target"].values.tolist() == [5, 6, 7, 8]
    read = tiny_lm.trace(TEXT)
    assert saliency(read)["target"].values.tolist() == [1, 2, 3, 4]
    deleted = saliency(read, method="occlusion", how="delete")
    assert deleted["target"].values.tolist() == [2, 3, 4]


def test_the_end_as_target_is_the_token_the_model_says_next(tiny_lm):
    read = tiny_lm.trace(TEXT)
    said = tiny_lm.generate(TEXT, max_new_tokens=1)
    answer = saliency(read, targets=5)
    assert int(answer["explained_id"][0]) == said.token_ids[5]
    np.testing.assert_allclose(
        answer["saliency"].values[0], saliency(said, targets=5)["saliency"].values[0, :5], rtol=1e-5
    )


def test_targets_can_be_ranges_and_slices(trace):
    for targets in (range(3, 6), slice(3, 6), [5, 3, 4, 3]):
        assert saliency(trace, targets=targets)["target"].values.tolist() == [3, 4, 5]


@pytest.mark.parametrize("targets", [0, 10, -1, [3, 99], [], "3", 2.5, True, range(0)])
def test_targets_outside_the_text_are_refused(trace, targets):
    with pytest.raises(InvalidError, match="target"):
        saliency(trace, targets=targets)


def test_a_text_of_one_token_explains_only_the_next(tiny_lm):
    one = tiny_lm.trace([5])
    with pytest.raises(InvalidError, match="pass targets=1"):
        saliency(one)
    assert saliency(one, targets=1)["saliency"].values.tolist() == [[1.0]]


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"method": "ixg"}, UnknownError, "unknown method 'ixg'; known: 'input_x_gradient'"),
        ({"quantity": "loss"}, UnknownError, "known: 'logit', 'log_probability', 'probability'"),
        ({"steps": 20}, UnknownError, "unknown option of input_x_gradient 'steps'"),
        ({"method": "occlusion", "at_layer": 1}, InvalidError, "allowed: None with occlusion"),
        ({"at_layer": 9}, InvalidError, "0 to 3 or 'in'"),
        ({"method": "occlusion", "how": "mask"}, UnknownError, "'replace', 'delete'"),
        ({"method": "lime", "samples": 0}, InvalidError, "samples"),
        ({"contrast": " key ring"}, InvalidError, "a text that is one token, and this is 6"),
        ({"contrast": 10_000}, InvalidError, "0 to 199"),
    ],
)
def test_what_can_not_be_asked_is_refused(trace, given, error, words):
    with pytest.raises(error, match=words):
        saliency(trace, **given)


def test_a_contrast_with_the_token_itself_is_refused(trace):
    with pytest.raises(InvalidError, match="target 5 is this token"):
        saliency(trace, contrast=trace.token_ids[5])


def test_a_contrast_keeps_signed_scores_and_says_so(trace):
    answer = saliency(trace, contrast=" the")
    assert "less that of ·the" in answer.attrs["explains"]
    assert (answer["score"].values < 0).any()
    assert (answer["saliency"].fillna(0) >= 0).all()


def test_the_terms_are_named(trace):
    attrs = saliency(trace, method="occlusion", targets=5).attrs
    assert attrs["explains"] == "the log-probability of the target token"
    assert attrs["baseline"] == "the text with · in its place"
    assert saliency(trace, targets=5).attrs["aggregation"].startswith("L2 norm")
    inner = saliency(trace, targets=5, at_layer=2, quantity="probability").attrs
    assert inner["leaf"] == "the state after block 2"
    assert inner["explains"] == "the probability of the target token"
    assert json.loads(inner["options"])["at_layer"] == 2


def test_the_plan_counts_passes(trace):
    wanted = ask(trace, "input_x_gradient", [9], None, None, None, {})
    assert plan(trace.card, 9, wanted).passes == pytest.approx(1)
    from cutaway.model.gradient import CHUNK as TOGETHER

    assert CHUNK == TOGETHER
    every = ask(trace, "occlusion", None, None, None, None, {})
    assert plan(trace.card, 9, every).passes == pytest.approx(8 * 8 / 18)
    assert "4 tokens: about 4 passes" in str(plan(trace.card, 9, every))

"""The race and the probes: ranks and probabilities equal a plain count over full logits."""

from __future__ import annotations

import numpy as np
import pytest

from cutaway.core.errors import InvalidError
from cutaway.lens.pairs import pairs
from cutaway.lens.watch import watch

from .fakes import logit_trace


def test_rank_and_probability_equal_a_plain_count():
    trace, logits = logit_trace()
    data = watch(trace, ["t3", 7], at=2)
    assert data["token"].values.tolist() == ["t3", "t7"]
    assert data["layer"].values.tolist() == [-1, 0, 1, 2]
    for row, layer in enumerate(data["layer"].values):
        scores = logits[layer + 1, 2]
        shares = np.exp(scores) / np.exp(scores).sum()
        for column, token in enumerate([3, 7]):
            assert data["rank"].values[row, column] == 1 + (scores > scores[token]).sum()
            assert data["probability"].values[row, column] == pytest.approx(shares[token])


def test_a_target_is_read_one_position_before_it():
    trace, _ = logit_trace()
    a, b = watch(trace, [4], target=3), watch(trace, [4], at=2)
    np.testing.assert_array_equal(a["rank"].values, b["rank"].values)


@pytest.mark.parametrize(
    ("tokens", "options", "words"),
    [
        ("t3", {}, "list"),
        ([], {}, "list"),
        ([3, "t3"], {}, "each token once"),
        ([20], {}, "0 to 19"),
        ([-1], {}, "0 to 19"),
        ([1], {"at": 5}, "at 5"),
        ([1], {"target": 0}, "target 0"),
        ([1], {"target": 6}, "target 6"),
        ([1], {"at": 1, "target": 2}, "not both"),
    ],
)
def test_bad_input_is_named(tokens, options, words):
    with pytest.raises(InvalidError, match=words):
        watch(logit_trace()[0], tokens, **options)


def test_pairs_hold_each_runs_own_race():
    a, b = logit_trace(seed=1)[0], logit_trace(seed=2)[0]
    data = pairs([a, b], [3, 7])
    assert data["rank"].dims == ("run", "layer", "token")
    for run, trace in enumerate([a, b]):
        alone = watch(trace, [3, 7])
        np.testing.assert_array_equal(data["rank"].values[run], alone["rank"].values)
        np.testing.assert_allclose(data["probability"].values[run], alone["probability"].values)
    assert len(set(data["run"].values.tolist())) == 2


def test_pairs_want_a_list_of_traces():
    trace, _ = logit_trace()
    for wrong in (trace, ["text"], []):
        with pytest.raises(InvalidError, match="trace"):
            pairs(wrong, [1])

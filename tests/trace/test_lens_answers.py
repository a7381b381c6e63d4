"""Stored answers equal those of the model, and what was never asked is refused."""

from pathlib import Path

import numpy as np
import pytest

from cutaway.core.errors import InvalidError, MissingError
from cutaway.trace.attach import attached
from cutaway.trace.card import ModelCard
from cutaway.trace.lens_answers import KEPT_K, TARGETS, lens_answers
from cutaway.trace.read import read
from cutaway.trace.source import Question, Rows
from cutaway.trace.trace import Trace

from .linear import CARD, L, T, linear_trace

LIVE = linear_trace()
TOP = LIVE.source.project(LIVE, Question((L - 1,), tuple(range(T)), k=1)).token_id[0, :, 0]
NEXT = np.array([*LIVE.token_ids[1:], -1])


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Trace:
    folder: Path = tmp_path_factory.mktemp("stored")
    return read(linear_trace(keep=["lens"]).save(folder / "a.trace"))


def assert_equal(stored: Rows, live: Rows, question: Question) -> None:
    for name in (
        "token_id", "probability", "logit", "target_id", "rank", "target_logit", "target_logprob",
    ):  # fmt: skip
        np.testing.assert_array_equal(getattr(stored, name), getattr(live, name), err_msg=name)
    assert set(stored.distances) == set(live.distances)
    for name, array in live.distances.items():
        np.testing.assert_array_equal(stored.distances[name], array, err_msg=name)
    if question.entropy:
        np.testing.assert_array_equal(stored.entropy, live.entropy)


@pytest.mark.parametrize(
    "question",
    [
        Question((-1, 0, 1, 2), (0, 1, 2, 3, 4), k=10, targets="top", entropy=True),
        Question((0, 2), (1, 3), k=3, targets=NEXT[[1, 3]][:, None], distances=("kl",)),
        Question((2,), (4,), targets=NEXT[[4]][:, None]),
        Question((1,), (0, 4), distances=("js", "tv"), against="input"),
        Question((2, 0), (2,), k=1, targets=np.array([[3, TOP[2]]]), distances=("kl", "js")),
        Question((-1,), (3,), targets=np.array([[-1, 39]]), entropy=True),
    ],
)
def test_a_stored_answer_is_the_model_s(opened: Trace, question: Question) -> None:
    stored = opened.source.project(opened, question)
    assert_equal(stored, LIVE.source.project(LIVE, question), question)


def test_the_targets_are_top_next_and_input() -> None:
    rows = lens_answers(LIVE)
    stored = dict(zip(TARGETS, rows.target_id.T.tolist(), strict=True))
    assert stored == {"top": TOP.tolist(), "next": NEXT.tolist(), "input": list(LIVE.token_ids)}
    assert rows.token_id.shape == (L + 1, T, KEPT_K)


@pytest.mark.parametrize(
    ("question", "words"),
    [
        (Question((0,), (0,), inside=True), "the lens inside blocks"),
        (Question((0,), (0,), k=11), "the top 11 tokens"),
        (Question((0,), (0,), targets=np.array([[38]])), "the rank of this token"),
    ],
)
def test_what_was_never_asked_is_refused(opened: Trace, question: Question, words: str) -> None:
    with pytest.raises(MissingError, match=f"{words}.*attach the model"):
        opened.source.project(opened, question)


def test_without_stored_answers_both_ways_out_are_said(tmp_path: Path) -> None:
    opened = read(LIVE.save(tmp_path / "a.trace"))
    with pytest.raises(MissingError, match="keep='lens', or attach the model"):
        opened.source.project(opened, Question((0,), (0,)))


def test_the_model_that_made_it_can_be_attached(tmp_path: Path) -> None:
    opened = attached(read(LIVE.save(tmp_path / "a.trace")), LIVE.source, CARD)
    question = Question((0, 1), (2,), k=12, targets=np.array([[38]]), entropy=True)
    live = LIVE.source.project(LIVE, question)
    assert_equal(opened.source.project(opened, question), live, question)


@pytest.mark.parametrize(
    ("field", "value"), [("name", "other"), ("width", 9), ("dtype", "float16"), ("revision", "2")]
)
def test_another_model_is_refused(field: str, value: object) -> None:
    card = ModelCard(**{**vars(CARD), field: value})
    with pytest.raises(InvalidError, match=f"its {field} is .*, this one's is {value!r}"):
        attached(LIVE, LIVE.source, card)


def test_another_device_is_the_same_model() -> None:
    assert attached(LIVE, LIVE.source, ModelCard(**{**vars(CARD), "device": "cuda:0"}))

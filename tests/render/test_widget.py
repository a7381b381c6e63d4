"""The widget answers the page's questions: arrays in one buffer, problems in words."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from cutaway.core.errors import MissingError
from cutaway.render.widget import MOST, Answer, widget
from cutaway.view.kinds import spec_of
from cutaway.view.spec import CHUNK, Spec
from tests.browser.pages import lens_spec
from tests.view.made import predictions


@pytest.fixture(scope="module")
def spec() -> Spec:
    few = spec_of(predictions())
    weights = np.random.default_rng(0).integers(0, 99, (5, CHUNK // 2), np.uint8)
    return Spec(few.kind, few.header, {**few.arrays, "weights": weights}, later=("weights",))


def asked(spec: Spec, answer: Answer | None, **question: Any) -> tuple[dict[str, Any], list[bytes]]:
    """What the page hears when it asks, as its notebook sends it."""
    made = widget(spec, answer)
    heard: list[tuple[dict[str, Any], list[bytes]]] = []
    made.send = lambda content, buffers=(): heard.append((content, list(buffers)))
    try:
        made._handle_custom_msg({"id": 7, **question}, [])
    finally:
        made.close()
    assert len(heard) == 1
    assert heard[0][0]["id"] == 7
    return heard[0]


def test_an_answer_is_one_buffer_with_its_type_and_shape(spec: Spec) -> None:
    given = np.arange(6, dtype=">i4").reshape(2, 3)
    questions: list[dict[str, Any]] = []

    def answer(question: dict[str, Any]) -> Any:
        questions.append(question)
        return given.T

    content, buffers = asked(spec, answer, what="head", layer=3, head=1)
    assert questions == [{"what": "head", "layer": 3, "head": 1}]
    assert content == {"id": 7, "dtype": "int32", "shape": [3, 2]}
    read = np.frombuffer(buffers[0], dtype="<i4").reshape(3, 2)
    np.testing.assert_array_equal(read, given.T)


def test_a_problem_is_said_in_its_words(spec: Spec) -> None:
    def answer(_: object) -> Any:
        raise MissingError("the model", because="this trace is a saved one", fix="attach it")

    content, buffers = asked(spec, answer, what="head")
    said = "missing the model: this trace is a saved one; attach it"
    assert (content, buffers) == ({"id": 7, "problem": said}, [])


def test_a_fault_is_said_and_raised(spec: Spec) -> None:
    heard: list[dict[str, Any]] = []
    made = widget(spec, lambda _: 1 / 0)
    made.send = lambda content, buffers=(): heard.append(content)
    with pytest.raises(ZeroDivisionError):
        made._msg_callbacks.callbacks[-1](made, {"id": 1, "what": "head"}, [])
    made.close()
    assert "fault of Cutaway" in heard[0]["problem"]
    assert "division by zero" in heard[0]["problem"]


def test_an_answer_too_large_for_a_message_is_refused(spec: Spec) -> None:
    content, _ = asked(spec, lambda _: np.zeros(MOST, np.uint8), what="head")
    assert "problem" not in content
    content, buffers = asked(spec, lambda _: np.zeros(MOST + 1, np.uint8), what="head")
    assert "5,000,000" in content["problem"]
    assert buffers == []


def test_chunks_are_answered_from_the_spec(spec: Spec) -> None:
    parts = [asked(spec, None, what="chunk", array="weights", index=i)[1][0] for i in range(3)]
    assert b"".join(parts) == spec.arrays["weights"].tobytes()
    assert len(parts[0]) == CHUNK
    content, _ = asked(spec, None, what="chunk", array="top_id", index=0)
    assert content["problem"] == "unknown array 'top_id'; known: 'weights'"


def test_without_an_answer_only_chunks_are_known(spec: Spec) -> None:
    content, _ = asked(spec, None, what="head")
    assert content["problem"] == "unknown question 'head'; known: 'chunk'"
    assert widget(spec).answers is False
    assert widget(spec, lambda _: np.zeros(1, np.uint8)).answers is True


def test_the_state_holds_nothing_that_is_asked_for(spec: Spec) -> None:
    assert len(widget(spec).data) == len(spec.data()) < 100_000


def test_no_message_of_a_large_picture_has_5_mb_and_they_hold_it_whole() -> None:
    large = lens_spec(n_positions=2048, k=10, inside=True, n_layers=12)
    made = widget(large)
    told = len(json.dumps(made.envelope)) + len(made.data)
    assert told < MOST < made.size == len(large.data())
    parts = [made.data]
    while sum(map(len, parts)) < made.size:
        content, buffers = asked(large, None, what="data", part=len(parts))
        assert content["shape"] == [len(buffers[0])]
        assert len(buffers[0]) < MOST
        parts += buffers
    assert b"".join(parts) == large.data()


def test_a_question_that_is_interrupted_is_answered_in_words(spec: Spec) -> None:
    heard: list[dict[str, Any]] = []

    def answer(_: object) -> Any:
        raise KeyboardInterrupt

    made = widget(spec, answer)
    made.send = lambda content, buffers=(): heard.append(content)
    with pytest.raises(KeyboardInterrupt):
        made._msg_callbacks.callbacks[-1](made, {"id": 1, "what": "head"}, [])
    made.close()
    assert "interrupted" in heard[0]["problem"]

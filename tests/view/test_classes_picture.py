"""The picture of classes: what it carries equals the dataset, and its sentence is read off it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cutaway.lens.classes import classes
from cutaway.render.table import table
from cutaway.render.text import text
from cutaway.view.classes import classes_spec

from ..lens.made import judged_trace


def told(spec) -> str:
    return "".join(words for _, words in spec.header["sentence"])


def test_the_labels_of_a_text_stand_best_first_with_their_numbers():
    data = classes(judged_trace("sequence"))
    spec = classes_spec(data)
    final = data["probability"].isel(layer=-1)
    order = np.argsort(-final.values)
    assert spec.header["labels"] == data["label"].values[order].tolist()
    np.testing.assert_array_equal(
        spec.arrays["probability"][:, 0], data["probability"].values[:, order]
    )
    assert f"The model says {spec.header['labels'][0]} with" in told(spec)
    rows = table(spec).rows
    assert [row[0] for row in rows] == ["2", "1", "0", "in"]


def test_a_label_is_ahead_from_the_layer_after_the_last_one_where_it_is_not():
    trace = judged_trace("sequence")
    class_logits = np.array([[0, 1, 0], [1, 0, 0], [0, 1, 0], [0, 1, 0]], np.float32)
    assert "ahead of the others from layer 1 on" in told(
        classes_spec(classes(replace(trace, class_logits=class_logits)))
    )


def test_tokens_are_counted_by_their_label():
    trace = judged_trace("token", T=4)
    class_logits = np.zeros((4, 4, 3), np.float32)
    class_logits[-1] = np.eye(3)[[0, 0, 0, 2]]
    spec = classes_spec(classes(replace(trace, class_logits=class_logits)))
    assert "Of 4 tokens 3 are good, 1 are odd; surest of odd is" in told(spec)
    assert spec.header["row"]["inputs"] == list(trace.tokens.labels)


def test_the_likeliest_answer_is_told_and_listed():
    data = classes(judged_trace("span"), k=2)
    spec = classes_spec(data)
    best = spec.header["spans"][-1]["best"]
    assert [one["start"] for one in best] == data["span_start"].values[-1].tolist()
    start, end = best[0]["start"], best[0]["end"]
    place = f"at position {start}" if start == end else f"from position {start} to {end}"
    assert place in told(spec)
    assert best[0]["text"] in text(spec)


def test_scores_without_probabilities_are_shown_as_logits():
    trace = judged_trace("sequence")
    data = classes(replace(trace, card=replace(trace.card, scores="")))
    spec = classes_spec(data)
    assert [one["name"] for one in spec.header["quantities"]] == ["logit"]
    assert "score of" in told(spec)
    assert "%" not in text(spec)


def test_a_label_that_would_write_on_the_terminal_is_shown_by_its_number():
    spec = classes_spec(classes(judged_trace("sequence", labels=("\x1b[31m", "b", "c"))))
    assert "\x1b" not in text(spec)
    assert any("‹1B›" in label for label in spec.header["labels"])

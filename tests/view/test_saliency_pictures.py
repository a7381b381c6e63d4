"""The saliency and its deletion curve in every form: Spec, text, figure, table."""

from __future__ import annotations

import numpy as np
import pytest

from cutaway.lens.deletion import deletion
from cutaway.lens.saliency import saliency
from cutaway.render.figure import figure
from cutaway.render.table import table
from cutaway.render.text import text
from cutaway.view.kinds import spec_of
from cutaway.view.words import word_numbers

TEXT = "The keys to the cabinet"


@pytest.fixture(scope="module")
def trace(tiny_lm):
    return tiny_lm.generate(TEXT, max_new_tokens=3)


@pytest.fixture(scope="module")
def answer(trace):
    return saliency(trace)


def test_the_spec_carries_every_number_and_its_terms(answer):
    spec = spec_of(answer)
    np.testing.assert_array_equal(spec.arrays["share"], answer["saliency"].values)
    np.testing.assert_array_equal(spec.arrays["score"], answer["score"].values)
    assert spec.header["targets"] == [5, 6, 7]
    assert [name for name, _ in spec.header["terms"]] == [
        "explains", "leaf", "aggregation", "normalisation", "baseline",
    ]  # fmt: skip
    assert ["baseline", "none: a gradient at the text itself"] in spec.header["provenance"]


def test_the_sentence_names_the_largest_sources_in_order(answer):
    spec = spec_of(answer)
    said = "".join(words for _, words in spec.header["sentence"])
    largest = np.argsort(-answer["saliency"].values[-1, :7])[:3]
    named = [words for style, words in spec.header["sentence"] if style == "in"]
    assert named == [spec.header["inputs"][i] for i in largest]
    assert said.startswith(f"{spec.header['explained'][-1]} was said mostly for ")


def test_the_end_of_the_text_would_be_said(trace):
    spec = spec_of(saliency(trace, targets=trace.n_positions))
    assert spec.header["sentence"][1][1].startswith(" would be said next")


@pytest.mark.parametrize("width", [None, 60])
def test_the_text_has_a_line_for_each_target_and_fits(answer, width):
    lines = text(spec_of(answer), width).splitlines()
    assert sum(" ← " in line for line in lines) == 3
    assert width is None or max(map(len, lines)) <= width


def test_the_table_has_the_same_shares(answer):
    rows = table(spec_of(answer)).rows
    assert [row[0] for row in rows] == ["5", "6", "7"]
    assert all(len(row) == 7 for row in rows)


def test_what_did_not_converge_is_said_in_words(trace):
    rough = saliency(
        trace, method="integrated_gradients", baseline="zero", keep_first=False, steps=6
    )
    rough["gap"][:], rough["moved"][:] = [0.01, 0.2, 3.0], 0.02
    spec = spec_of(rough)
    assert "Not converged: for 2 of 3 targets" in spec.header["notes"][-1]
    assert "at worst 300 %" in spec.header["notes"][-1]
    assert [row[2] for row in table(spec).rows] == [
        f"{words}, moved 2.00 %"
        for words in ("gap 1.00 %", "not converged, gap 20.0 %", "not converged, gap 300 %")
    ]
    fine = rough.copy(deep=True)
    fine["gap"][:] = 0.01
    assert not any("converged" in note for note in spec_of(fine).header["notes"])


def test_scores_that_still_move_are_not_converged_though_their_sum_is_right(trace):
    rough = saliency(
        trace, method="integrated_gradients", baseline="zero", keep_first=False, steps=9
    )
    rough["gap"][:], rough["moved"][:] = 0.01, [0.01, 0.24, 0.01]
    spec = spec_of(rough)
    assert "for 1 of 3 targets a score still moved" in spec.header["notes"][-1]
    assert [row[2].startswith("not converged") for row in table(spec).rows] == [False, True, False]


def test_the_deletion_curve_in_every_form(trace, answer):
    curve = deletion(trace, answer)
    spec = spec_of(curve)
    np.testing.assert_array_equal(spec.arrays["probability"], curve["probability"].values)
    assert [row[0] for row in table(spec).rows] == [
        "this explanation", "occlusion", "random orders", "knows nothing",
    ]  # fmt: skip
    said = "".join(words for _, words in spec.header["sentence"])
    assert "than random" in said
    assert figure(spec, "svg").startswith(b"<?xml")


@pytest.mark.parametrize("fmt", ["svg", "png"])
def test_the_same_spec_gives_the_same_figure(answer, fmt):
    assert figure(spec_of(answer), fmt) == figure(spec_of(answer), fmt)


def test_words_end_at_spaces_roles_and_special_tokens():
    texts = ["<s>", "Sm", "ol", "LM", " is", "\n", "東", "京", " a"]
    special = [True] + [False] * 8
    assert word_numbers(texts, [""] * 9, special) == [0, 1, 1, 1, 2, 3, 4, 5, 6]
    assert word_numbers(["a", "b"], ["user", "assistant"], [False] * 2) == [0, 1]

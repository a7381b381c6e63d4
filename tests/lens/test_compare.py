"""Comparison: both answers are the lens's own, and the difference is b - a, cell by cell."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cutaway.core.errors import InvalidError, MissingError, UnknownError
from cutaway.lens.compare import compare
from cutaway.lens.logit_lens import logit_lens
from cutaway.lens.neurons import neurons
from cutaway.lens.saliency import saliency
from cutaway.lens.sequence_alignment import align
from cutaway.lens.watch import watch

from .compared import A, pair, spoken, vocabulary

OPTIONS: dict[str, dict[str, Any]] = {
    "logit_lens": {"k": 3, "distances": ("kl", "tv"), "inside": True, "rank_of": "next"},
    "watch": {"tokens": [" nurse", " old"]},
    "saliency": {"targets": [3, 6, 7]},
    "neurons": {"layers": [0, 2]},
}
ALONE = {"logit_lens": logit_lens, "watch": watch, "saliency": saliency, "neurons": neurons}
AXES = {"position", "target", "source", "layer"}


def place(dataset: Any, axis: str, number: int) -> int | None:
    found = np.flatnonzero(dataset[axis].values == number)
    return int(found[0]) if (found.size and number != -1) or axis == "layer" else None


@pytest.mark.parametrize("lens", OPTIONS)
def test_every_cell_is_that_of_the_lens_and_the_difference_is_exact(lens: str) -> None:
    """A plain loop over the cells of both answers."""
    a, b = pair()
    options = OPTIONS[lens]
    data = compare(a, b, lens=lens, names=("she", "he"), **options)
    alone = [ALONE[lens](trace, **options) for trace in (a, b)]
    assert data["run"].values.tolist() == ["she", "he", "difference"]
    for name, array in alone[0].data_vars.items():
        dims = array.dims
        assert data[name].dims == ("run", *dims)
        for index in np.ndindex(data[name].shape[1:]):
            sides = []
            for side, answer in zip("ab", alone, strict=True):
                at: list[int | None] = list(index)
                for n, axis in enumerate(dims):
                    if axis == "layer":
                        at[n] = place(answer, "layer", int(data["layer"].values[index[n]]))
                    elif axis in AXES:
                        at[n] = place(answer, axis, int(data[f"{axis}_{side}"].values[index[n]]))
                sides.append(None if None in at else answer[name].values[tuple(at)])
            check_cell(str(name), data[name].values[(slice(None), *index)], sides, data, index)


def check_cell(full: str, cell: Any, sides: list[Any], data: Any, index: Any) -> None:
    """Tokens have no difference; rank 0, of no token, is undefined, and so is its difference."""
    name = full.removeprefix("inside_")
    if name in ("token", "token_id"):
        absent = "–" if name == "token" else -1
        assert cell.tolist() == [absent if s is None else s for s in sides] + [absent]
        return
    expected = [np.nan if s is None or (name == "rank" and s == 0) else s for s in sides]
    np.testing.assert_array_equal(cell[:2], np.asarray(expected, cell.dtype))
    third = cell[1] - cell[0]
    if name in ("probability", "logit") and "k" in data.dims:
        ids = data[full.replace(name, "token_id")].values[(slice(0, 2), *index)]
        third = third if ids[0] == ids[1] else np.nan
    np.testing.assert_array_equal(cell[2], third)


def test_slots_say_which_tokens_stand_there() -> None:
    a, b = pair()
    data = compare(a, b)
    found = align(a, b)
    assert data["position_a"].values.tolist() == found.a.tolist()
    assert data["position_b"].values.tolist() == found.b.tolist()
    assert data["input_a"].values.tolist()[4:6] == ["", "·nurse"]
    assert data["input_b"].values.tolist()[4:6] == ["·old", "·nurse"]
    assert data["same"].values.tolist() == [*[True] * 4, False, True, True, False]


def test_tokens_not_yet_said_stand_beside_each_other_and_are_not_the_same() -> None:
    a, _ = pair()
    data = compare(a, a, lens="saliency", targets=[3, len(A)])
    assert data["target_a"].values.tolist() == data["target_b"].values.tolist() == [3, len(A)]
    assert data["target_same"].values.tolist() == [True, False]


def test_two_runs_part_where_their_top_tokens_first_differ() -> None:
    a, b = pair(A, A)
    states = {
        n: a.material("states", (n,))[n] + (0 if n < 1 else 4 * np.eye(len(A), 8)[:, ::-1])
        for n in range(-1, 3)
    }
    b = replace(b, materials={"states": {n: s.astype(np.float32) for n, s in states.items()}})
    data = compare(a, b)
    tops = data["token_id"].values[:2, ..., 0]
    for slot in range(len(A)):
        differ = [n for n, layer in enumerate(tops[0, :, slot] != tops[1, :, slot]) if layer]
        first = data["layer"].values[differ[0]] if differ else np.nan
        np.testing.assert_equal(data["diverged_at"].values[slot], first)
        assert data["same_top"].values[:, slot].tolist() == [n not in differ for n in range(4)]
    assert (data["diverged_at"].values[~np.isnan(data["diverged_at"].values)] >= 1).all()
    for n, layer in enumerate(data["layer"].values):
        x, y = (t.state(int(layer)).astype(float) for t in (a, b))
        norm = np.linalg.norm
        apart = norm(y - x, axis=1) / ((norm(x, axis=1) + norm(y, axis=1)) / 2)
        np.testing.assert_allclose(data["state_distance"].values[n], apart, rtol=1e-6)


def test_a_trace_and_itself_do_not_differ() -> None:
    a, _ = pair()
    for lens, options in OPTIONS.items():
        data = compare(a, a, lens=lens, **options)
        for name, array in data.data_vars.items():
            if array.dtype.kind == "f" and "run" in array.dims:
                assert set(np.unique(array.values[2][~np.isnan(array.values[2])])) <= {0.0}, name
    data = compare(a, a)
    assert (data["same_top"].values == 1).all()
    assert np.isnan(data["diverged_at"].values).all()
    assert (data["state_distance"].values == 0).all()


def test_models_of_different_depth_meet_at_their_last_blocks() -> None:
    words = vocabulary(A)
    a, b = (spoken(A, words, seed=s, layers=n, name=f"m{n}") for s, n in ((1, 2), (2, 5)))
    data = compare(a, b)
    assert data["layer"].values.tolist() == [-1, 0, 1, 2, 3, 4]
    alone = logit_lens(a)
    entropy = data["entropy"].values
    np.testing.assert_array_equal(entropy[0, [0, 4, 5]], alone["entropy"].values)
    assert np.isnan(entropy[0, 1:4]).all()
    assert not np.isnan(entropy[1]).any()
    assert np.isnan(data["same_top"].values[1:4]).all()
    assert np.isnan(data["state_distance"].values[1:4]).all()
    last = a.state(1).astype(float), b.state(4).astype(float)
    norms = [np.linalg.norm(state, axis=1) for state in last]
    expected = np.linalg.norm(last[1] - last[0], axis=1) / (sum(norms) / 2)
    np.testing.assert_allclose(data["state_distance"].values[5], expected, rtol=1e-6)
    assert "the last stands beside the last" in data.attrs["notes"]
    with pytest.raises(InvalidError, match="equally many blocks"):
        compare(a, b, lens="neurons")


def test_two_tokenizers_are_compared_by_labels_and_characters() -> None:
    words = vocabulary(A)
    cut = ("The", " doc", "tor", *A[2:])
    other = vocabulary(cut[::-1])
    a, b = spoken(A, words, seed=1), spoken(cut, other, seed=2, name="n")
    data = compare(a, b)
    assert data["position_b"].values.tolist() == list(range(8))
    assert data["position_a"].values.tolist() == [0, -1, 1, 2, 3, 4, 5, 6]
    labels = data["token"].values[:2, :, 0, 0]
    assert data["same_top"].values[:, 0].tolist() == (labels[0] == labels[1]).tolist()
    unlike = data["token"].values[0] != data["token"].values[1]
    assert np.isnan(data["probability"].values[2][unlike]).all()


def test_unequal_widths_and_unkept_states_have_no_distance() -> None:
    a, b = pair()
    wide = replace(b, card=replace(b.card, width=9))
    data = compare(a, wide)
    assert "state_distance" not in data
    assert "no difference" in data.attrs["notes"]


@pytest.mark.parametrize(
    ("lens", "options", "error", "words"),
    [
        ("anatomy", {}, UnknownError, "'clusters', 'experts', 'attention'"),
        ("logit_lens", {"depth": 3}, UnknownError, "option of logit_lens 'depth'; known: 'k'"),
        ("attention", {"k": 3}, UnknownError, "known: 'layers', 'heads', 'kind'"),
        ("watch", {}, MissingError, "tokens="),
        ("logit_lens", {"k": 0}, InvalidError, "k 0"),
        ("logit_lens", {"names": ("a", "a")}, InvalidError, "two different texts"),
        ("logit_lens", {"names": ("a", "difference")}, InvalidError, "neither 'difference'"),
    ],
)
def test_bad_input_is_named(lens: str, options: Any, error: Any, words: str) -> None:
    with pytest.raises(error, match=words):
        compare(*pair(), lens=lens, **options)


def test_what_is_no_trace_is_refused() -> None:
    with pytest.raises(InvalidError, match="a trace"):
        compare(pair()[0], "The doctor")  # type: ignore[arg-type]

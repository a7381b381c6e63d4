"""Half precision checked in float32: what is counted, and where it is said."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import numpy as np
import pytest
import torch

import cutaway as ct
from tests.models import tiny_model, tiny_tokenizer

TEXT = "The keys to the cabinet are on the table, and the key to the cabinets is lost."


@pytest.fixture(scope="module")
def half() -> Any:
    return ct.wrap(deepcopy(tiny_model("llama")).to(torch.bfloat16), tiny_tokenizer())


@pytest.fixture(scope="module")
def trace(half: Any) -> Any:
    return half.trace(TEXT)


@pytest.fixture(scope="module")
def copy(half: Any) -> Any:
    """The trace of a float32 copy of the whole model."""
    return ct.wrap(deepcopy(half.model).float(), half.tokenizer).trace(TEXT)


def note(view: Any) -> str:
    (found,) = (n for n in json.loads(view.data.attrs["notes"]) if "float32" in n)
    return str(found)


def test_the_lens_marks_the_cells_that_change(trace: Any, copy: Any) -> None:
    view = ct.logit_lens(trace, inside=True, every=2, positions=range(3, 9), checked=True)
    plain = ct.logit_lens(copy, inside=True, every=2, positions=range(3, 9)).data
    for prefix in ("", "inside_"):
        top = plain[f"{prefix}token_id"].isel(k=0)
        changed = view.data[f"{prefix}token_id"].isel(k=0) != top
        np.testing.assert_array_equal(view.data[f"{prefix}float32_token_id"], top)
        np.testing.assert_array_equal(view.data[f"{prefix}changed"], changed)
        np.testing.assert_array_equal(
            view.data[f"{prefix}float32_token"], plain[f"{prefix}token"].isel(k=0)
        )
        np.testing.assert_array_equal(view.spec.arrays[f"{prefix}changed"], changed)


def test_the_note_counts_them_and_every_picture_marks_them(trace: Any) -> None:
    view = ct.logit_lens(trace, checked=True)
    changed = view.data["changed"].values
    assert 0 < changed.sum() < changed.size / 4  # some do change, and not most
    assert note(view) == (
        "bfloat16, checked: float32 puts another token on top in "
        f"{changed.sum()} of {changed.size} cells ({changed[-1].sum()} of them after layer 3)."
    )
    assert note(view) in view.spec.header["notes"]
    printed = str(view)
    assert printed.count("≠ ") == changed.sum()
    assert "≠: float32 puts another token on top" in printed
    assert "≠" not in str(ct.logit_lens(trace))


@pytest.mark.slow
def test_one_position_is_checked_by_itself(trace: Any, copy: Any) -> None:
    whole = ct.logit_lens(trace, checked=True).data["changed"].values
    for at in (0, trace.n_positions - 1):
        view = ct.predictions(trace, at=at, k=3, checked=True)
        np.testing.assert_array_equal(view.data["changed"].values, whole[:, at])
        layers = [name for name, row in zip(("in", 0, 1, 2, 3), whole[:, at], strict=True) if row]
        told = f"another token on top in {len(layers)} of 5 layers (after layers {layers})"
        told = told.replace("[", "").replace("]", "").replace("'", "")
        assert (told if layers else "the same token on top in all 5 layers") in note(view)
        assert str(view).count("≠ ") - str(view).count("≠ beside") == len(layers)
    one = ct.predictions(trace, layer=3, checked=True)
    assert note(one).startswith("bfloat16, checked: float32 puts ")
    assert note(one).endswith(" token on top.")
    assert ct.predictions(copy, layer=3).data["token_id"][0, 0] == one.data["float32_token_id"][0]


@pytest.mark.slow
def test_a_race_is_checked_for_who_is_ahead(trace: Any, copy: Any) -> None:
    tokens = np.unique(ct.predictions(trace, k=2).data["token_id"]).tolist()
    view, plain = ct.watch(trace, tokens, checked=True), ct.watch(copy, tokens).data["rank"].values
    np.testing.assert_array_equal(view.data["float32_rank"].values, plain)
    ahead = view.data["rank"].values.argmin(axis=1) != plain.argmin(axis=1)
    top = (view.data["rank"].values == 1).any(axis=1) != (plain == 1).any(axis=1)
    np.testing.assert_array_equal(view.data["changed"].values, ahead | top)
    assert f"{(ahead | top).sum()} of 5 layers" in note(view) or not (ahead | top).any()


@pytest.mark.slow
def test_a_comparison_says_what_its_sides_are_told(half: Any, trace: Any) -> None:
    both = ct.compare(trace, half.trace(TEXT[:-5]), names=("long", "short"), checked=True).data
    told = [n for n in json.loads(both.attrs["notes"]) if "checked" in n]
    assert [n.split(":")[0] for n in told] == ["long", "short"]
    own = ct.logit_lens(trace, checked=True).data["changed"].values
    assert both["changed"].sel(run="long").sum() == own.sum()

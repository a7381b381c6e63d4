"""The anatomy adds up, folds equal blocks, and says what is proven in text, table and page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import cutaway as ct
from cutaway.app.export import SUFFIXES
from cutaway.app.view import View
from cutaway.lens.anatomy import anatomy
from cutaway.render.table import table
from cutaway.render.text import text
from cutaway.view.anatomy_parts import ranges
from cutaway.view.kinds import spec_of
from cutaway.view.spec import Spec

from .parts import HERE, PARTS

if TYPE_CHECKING:
    from cutaway.model.lm import LM


@pytest.fixture
def spec() -> Spec:
    return spec_of(anatomy(HERE, PARTS, ["logits x 0.25"]))


def test_the_counts_are_those_of_the_parts() -> None:
    data = anatomy(HERE, PARTS)
    assert data["parameters"].values.tolist() == [part.count for part in PARTS]
    assert data["part"].values.tolist() == [part.name for part in PARTS]
    assert data["block"].values.tolist() == ["", "0", "1", "2", "", ""]
    assert json.loads(data["shape"].values[0]) == {"weight": [40, 8]}


def test_equal_blocks_are_one_row(spec: Spec) -> None:
    rows = [(row["kind"], row["blocks"], row["path"], row["count"]) for row in spec.header["parts"]]
    assert rows == [
        ("embedding", "", "model.embed", 320),
        ("mlp", "0–1", "model.layers.*.mlp", 192),
        ("mlp", "2", "model.layers.*.mlp", 192),
        ("final norm", "", "model.norm", 8),
        ("unembedding", "", "lm_head", 0),
    ]
    assert spec.header["total"] == sum(part.count for part in PARTS)
    assert spec.header["notes"] == ["after the unembedding: logits x 0.25"]


@pytest.mark.parametrize("width", [None, 60, 100])
def test_the_text_says_all(spec: Spec, width: int | None) -> None:
    said = text(spec, width)
    for words in (
        "MLP of blocks 0–1", "MLP of block 2", "MLP 96 – 192 3 384 53.9 %", "unembedding tied",
        "model.layers.*.mlp", "712",
        "proven: the last state gives the logits",
        "not available, because attention and MLP read the same state",
    ):  # fmt: skip
        assert words in " ".join(said.split()), words
    if width is None:
        assert "weight 40 × 8 (one with embedding)" in said


def test_the_table_is_the_text_s(spec: Spec) -> None:
    content = table(spec)
    assert content.columns == ("part", "module", "parameters", "of these")
    assert [row[2] for row in content.rows] == ["320", "192", "192", "8", "0"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_it_can_be_saved_in_every_format(tmp_path: Path, suffix: str) -> None:
    view = View(anatomy(HERE, PARTS))
    assert view.save(tmp_path / f"anatomy{suffix}").stat().st_size > 300


def test_the_counts_of_a_model_add_up(tiny_lm: LM) -> None:
    view = ct.anatomy(tiny_lm)
    assert int(view.data["parameters"].sum()) == tiny_lm.model.num_parameters()
    assert view.spec.header["total"] == tiny_lm.card.n_parameters
    for capability in tiny_lm.card.capabilities.values():
        assert str(capability) in repr(view)


@pytest.mark.parametrize(
    ("numbers", "words"),
    [([0], "0"), ([0, 1], "0–1"), ([0, 2], "0, 2"), ([1, 2, 3, 7, 9, 10], "1–3, 7, 9–10")],
)
def test_ranges(numbers: list[int], words: str) -> None:
    assert ranges(numbers) == words

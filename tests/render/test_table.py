"""The plain table holds the cells of its picture, from the end of a long text."""

from __future__ import annotations

import pytest

from cutaway.core.axes import layer_name
from cutaway.core.errors import UnknownError
from cutaway.core.numbers import percent, rank
from cutaway.render.grid import grid
from cutaway.render.static import static
from cutaway.render.table import table
from cutaway.view.kinds import spec_of
from cutaway.view.spec import Spec
from tests.view.made import HOSTILE, logit_lens, predictions


def test_a_cell_is_the_top_token_and_its_probability() -> None:
    data = logit_lens(positions=30)
    made = table(spec_of(data))
    assert [row[0] for row in made.rows] == [layer_name(i) for i in (3, 2, 1, 0, -1)]
    for row, layer in zip(made.rows, (3, 2, 1, 0, -1), strict=True):
        for cell, position in zip(row[1:], range(18, 30), strict=True):
            top = data.sel(layer=layer, position=position, k=0)
            assert cell == f"{top['token'].item()} {percent(top['probability'].item())}"
    assert made.columns[1:] == tuple(
        f"{i}: {label}" for i, label in zip(range(18, 30), data["input"].values[18:], strict=True)
    )
    assert "the last 12 of 30 positions" in made.caption


def test_whoever_asks_for_a_rank_sees_it() -> None:
    data = logit_lens(rank_of="next")
    row = table(spec_of(data)).rows[0]
    expected = [rank(value) for value in data["rank"].values[-1].tolist()]
    assert [cell.split(" ")[-1] for cell in row[1:]] == expected
    assert expected[-1] == "–"


def test_candidates_stand_best_first() -> None:
    data = predictions(k=4)
    made = table(spec_of(data))
    tokens = [[cell.rsplit(" ", 2)[0] for cell in row[1:]] for row in made.rows]
    assert [row[0] for row in tokens] == data["token"].values[::-1, 0].tolist()
    assert made.columns == ("layer", "1", "2", "3", "4")


def test_states_inside_a_block_stand_below_it() -> None:
    names = [row.name for row in grid(spec_of(logit_lens(layers=2, inside=True))).rows]
    assert names == ["1", "1 inside", "0", "0 inside", "in"]


def test_the_static_form_escapes_every_word() -> None:
    data = logit_lens()
    for name in ("token", "input", "next", "target"):
        data[name].values[...] = HOSTILE
    html = static(spec_of(data))
    assert "<img" not in html
    assert "</script" not in html
    assert html.count("&lt;/script&gt;&lt;img") > 20


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(UnknownError, match="telescope"):
        table(Spec("telescope", {}))

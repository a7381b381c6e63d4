"""The race, probes, neurons, clusters and factors in every form but the browser's."""

from __future__ import annotations

import numpy as np
import pytest
from rich.cells import cell_len

from cutaway.render.figure import figure
from cutaway.render.page import page
from cutaway.render.table import table
from cutaway.render.text import text
from cutaway.view.kinds import spec_of

from ..lens.made import made

pytestmark = pytest.mark.slow

KINDS = ("neurons", "clusters", "factors", "classes", "watch", "pairs")


@pytest.fixture(scope="module")
def specs():
    return {name: spec_of(dataset) for name, dataset in made().items()}


@pytest.mark.parametrize("kind", KINDS)
def test_text_fits_the_width_and_is_whole_without_one(specs, kind):
    fitted = text(specs[kind], 60)
    assert max(cell_len(line) for line in fitted.splitlines()) <= 60
    whole = text(specs[kind])
    assert specs[kind].header["heading"] in whole
    assert "…" not in whole.replace(specs[kind].header["title"], "")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fmt", ["svg", "png"])
def test_figures_are_drawn_and_the_same_each_time(specs, kind, fmt):
    first = figure(specs[kind], fmt)
    assert first.startswith(b"<?xml" if fmt == "svg" else b"\x89PNG")
    assert first == figure(specs[kind], fmt)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_spec_gives_the_same_page(specs, kind):
    assert page(specs[kind]) == page(specs[kind])


def test_the_race_table_says_ranks_and_probabilities(specs):
    spec = specs["watch"]
    shown = table(spec)
    assert shown.columns == ("layer", "t3", "t7", "t11")
    assert [row[0] for row in shown.rows] == [*(str(i) for i in reversed(range(30))), "in"]
    final = spec.arrays["rank"][-1].tolist()
    assert [int(cell.split(" ")[0].replace(",", "")) for cell in shown.rows[0][1:]] == final


def test_the_neuron_table_names_the_most_active_first(specs):
    spec = specs["neurons"]
    values = np.abs(spec.arrays["activation"])
    layer, row, _ = np.unravel_index(int(values.argmax()), values.shape)
    assert table(spec).rows[0][:2] == (str(layer), str(spec.arrays["neuron"][layer, row]))


def test_tables_of_clusters_and_factors_have_a_row_for_each(specs):
    for kind in ("clusters", "factors"):
        assert [row[0] for row in table(specs[kind]).rows] == ["0", "1", "2", "3"]

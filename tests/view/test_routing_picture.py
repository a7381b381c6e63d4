"""The experts' picture in every form but the browser's."""

from __future__ import annotations

import numpy as np
import pytest

from cutaway.app.export import to_csv
from cutaway.app.routing import ExpertsView
from cutaway.lens.routing import experts
from cutaway.render.figure import figure
from cutaway.render.page import page
from cutaway.render.text import text
from cutaway.view import routing
from cutaway.view.kinds import spec_of
from cutaway.view.routing import experts_spec, scores_of
from cutaway.view.scalars import scalars

from ..lens.routed import routed_trace


@pytest.fixture(scope="module")
def data():
    return experts(routed_trace(10, layers=3, count=8, k=2))


def test_the_picture_holds_every_score_and_choice(data) -> None:
    spec = spec_of(data)
    assert spec.header["layers"] == [0, 1, 2]
    np.testing.assert_array_equal(spec.arrays["chosen"], data["chosen"])
    for row in range(3):
        exact = data["probability"].values[row]
        np.testing.assert_allclose(scores_of(spec, row), exact, atol=2e-5)
    assert spec.later == ("probability",)


def test_a_page_holds_the_scores_of_the_last_layers_that_it_has_room_for(data) -> None:
    each = 2 * data["probability"][0].size
    for budget, held in ((0, 1), (each, 1), (2 * each, 2), (3 * each - 1, 2), (3 * each, 3)):
        spec = experts_spec(data, budget=budget)
        assert (spec.header["held"], spec.arrays["probability"].nbytes) == (held, held * each)
        told = [note for note in spec.header["notes"] if "every score" in note]
        assert len(told) == (held < 3)
        for row in range(3 - held, 3):
            exact = data["probability"].values[row]
            np.testing.assert_allclose(scores_of(spec, row), exact, atol=2e-5)


def test_where_python_is_at_hand_every_score_is_asked_for(
    data, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = ExpertsView(data)
    assert view._live_spec is view.spec
    monkeypatch.setattr(routing, "BUDGET", 2 * data["probability"][0].size)
    view = ExpertsView(data)
    assert (view.spec.header["held"], view._live_spec.header["held"]) == (1, 3)


def test_the_sentence_names_the_busiest_expert(data) -> None:
    load = data["load"].values
    layer, expert = np.unravel_index(load.argmax(), load.shape)
    words = "".join(run[1] for run in spec_of(data).header["sentence"])
    assert f"expert {expert} of layer {layer}: called at {100 * load.max():.1f} %" in words
    assert "equal use would be 25.0 %" in words


def test_a_table_has_a_row_for_each_layer(data) -> None:
    lines = text(spec_of(data)).splitlines()
    for layer in (0, 1, 2):
        load = data["load"].values[layer]
        best = int(np.argsort(-load, kind="stable")[0])
        (line,) = [one for one in lines if one.startswith(f"{layer} ") and " nats " in one]
        assert f"{best} ({100 * load[best]:.1f} %)" in line


def test_a_file_of_numbers_has_a_row_for_each_expert_called(data) -> None:
    lines = to_csv(data).splitlines()
    assert len(lines) == 1 + 3 * 10 * 2
    assert {"layer", "position", "k", "chosen", "weight", "chosen_probability"} <= set(
        lines[0].split(",")
    )


def test_scalars_are_those_of_the_numbers(data) -> None:
    found = {scalar.name: scalar.value for scalar in scalars(data)}
    assert found["mean_entropy"] == pytest.approx(float(data["entropy"].mean()))
    assert found["largest_load"] == pytest.approx(float(data["load"].max()))


@pytest.mark.slow
@pytest.mark.parametrize(("T", "count", "k"), [(12, 8, 2), (200, 64, 8)])
def test_figures_and_pages_are_made(T: int, count: int, k: int) -> None:
    spec = spec_of(experts(routed_trace(T, count=count, k=k)))
    assert figure(spec, "svg").startswith(b"<?xml")
    assert figure(spec, "png").startswith(b"\x89PNG")
    assert "Which experts were called" in page(spec)

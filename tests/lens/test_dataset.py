"""What every lens's dataset carries."""

from __future__ import annotations

import json

import numpy as np
import xarray as xr

from cutaway.lens.dataset import finish, strings, token_coords, vocabulary
from cutaway.trace.card import ModelCard
from tests.trace.linear import CARD, LABELS, T, linear_trace

TRACE = linear_trace()


def test_finish_writes_what_made_the_numbers():
    data = finish(xr.Dataset(), TRACE, lens="some_lens", options={"k": 3, "token": "é"})
    assert data.attrs["lens"] == "some_lens"
    assert json.loads(data.attrs["options"]) == {"k": 3, "token": "é"}
    assert ModelCard.from_json(json.loads(data.attrs["model"])) == CARD
    assert json.loads(data.attrs["run"]) == dict(TRACE.options)
    assert json.loads(data.attrs["notes"]) == list(TRACE.notes)


def test_coordinates_of_positions():
    coords = token_coords(TRACE, [0, 3, T - 1])
    assert {axis for axis, _ in coords.values()} == {"position"}
    values = {name: array.tolist() for name, (_, array) in coords.items()}
    ids = TRACE.token_ids
    assert values["position"] == [0, 3, T - 1]
    assert values["input_id"] == [ids[0], ids[3], ids[-1]]
    assert values["input"] == [LABELS[0], LABELS[3], LABELS[-1]]
    assert values["input_text"] == [" a", "שלום", "\n"]
    assert values["produced"] == [False, True, True]
    assert values["role"] == ["", "assistant", "assistant"]
    assert values["next_id"] == [ids[1], ids[4], -1]
    assert values["next"] == [LABELS[1], LABELS[4], ""]


def test_coordinates_of_another_axis_are_named_by_it_and_may_lie_past_the_end():
    coords = token_coords(TRACE, [T], "target")
    assert set(coords) >= {"target", "target_input_id", "target_next"}
    assert coords["target_input_id"][1].tolist() == [-1]
    assert coords["target_input"][1].tolist() == [""]


def test_labels_keep_the_shape_and_look_each_id_up_once():
    class Counting:
        asked: list[int]

        def pieces(self, token_ids):
            self.asked = list(token_ids)
            return TRACE.source.pieces(token_ids)

    source = Counting()
    labels = vocabulary(TRACE.attach(source), np.array([[3, 3, -1], [7, 3, -1]]))
    assert labels.tolist() == [["·t3", "·t3", "–"], ["·t7", "·t3", "–"]]
    assert sorted(source.asked) == [-1, 3, 7]


def test_strings_survive_whole():
    odd = ["\0", "a\0", "x" * 300, ""]
    assert strings(odd).tolist() == odd

"""The candidates' dataset: which position, which layers, and what is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest

from cutaway.core.errors import InvalidError
from cutaway.lens.logit_lens import logit_lens
from cutaway.lens.predictions import predictions
from tests.trace.linear import LABELS, L, T, V, linear_trace

TRACE = linear_trace()


def test_variables_axes_and_units():
    data = predictions(TRACE, k=4)
    assert list(data.data_vars) == ["token_id", "token", "probability", "logit"]
    assert all(variable.dims == ("layer", "k") for variable in data.data_vars.values())
    assert all("units" in variable.attrs for variable in data.data_vars.values())
    assert data["layer"].values.tolist() == [-1, 0, 1, 2]
    assert data["k"].values.tolist() == [0, 1, 2, 3]
    assert data["token_id"].dtype == np.int64


@pytest.mark.parametrize("position", range(T))
def test_equals_a_column_of_the_logit_lens(position):
    column = logit_lens(TRACE, k=6).sel(position=position)
    data = predictions(TRACE, at=position, k=6)
    for name in data.data_vars:
        assert data[name].values.tolist() == column[name].values.tolist()


def test_at_and_target_name_the_same_position():
    assert predictions(TRACE, target=3).identical(predictions(TRACE, at=2))
    assert predictions(TRACE, target=T).identical(predictions(TRACE))
    assert predictions(TRACE, at=-1).identical(predictions(TRACE))


@pytest.mark.parametrize(("layer", "number"), [("in", -1), (0, 0), (L - 1, L - 1)])
def test_one_layer(layer, number):
    data = predictions(TRACE, layer=layer)
    assert data["layer"].values.tolist() == [number]
    assert data.equals(predictions(TRACE).sel(layer=[number]))


def test_the_dataset_says_where_it_was_read():
    options = json.loads(predictions(TRACE, at=1, k=2).attrs["options"])
    assert options["at"] == 1
    assert options["read"] == LABELS[1]
    assert (options["came_id"], options["came"]) == (TRACE.token_ids[2], LABELS[2])
    options = json.loads(predictions(TRACE).attrs["options"])
    assert (options["came_id"], options["came"]) == (-1, "")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"at": T}, "0 to 4"),
        ({"target": 0}, "invalid target 0"),
        ({"target": T + 1}, "from 1 to 5"),
        ({"at": 1, "target": 2}, "not both"),
        ({"layer": L}, "0 to 2 or 'in'"),
        ({"layer": -1}, "0 to 2 or 'in'"),
        ({"layer": "out"}, "0 to 2 or 'in'"),
        ({"k": 0}, "invalid k 0"),
        ({"k": V + 1}, f"from 1 to {V}"),
    ],
)
def test_what_is_refused(options, words):
    with pytest.raises(InvalidError) as raised:
        predictions(TRACE, **options)
    assert words in str(raised.value)

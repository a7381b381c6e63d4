"""A walk goes on elsewhere: what its picture asks for is the walk there."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest

import cutaway as ct
from cutaway.core.errors import InvalidError, UnknownError
from cutaway.render.widget import MOST


@pytest.fixture(scope="module")
def trace(tiny_lm):
    return tiny_lm.generate("The keys to the cabinet", max_new_tokens=3)


def test_the_answer_is_the_walk_there(trace):
    answer = ct.walk(trace, at=1, layer=0).answer({"what": "walk", "at": 4, "layer": 1})
    there = ct.walk(trace, at=4, layer=1).spec
    raw = answer.tobytes()
    (length,) = struct.unpack("<I", raw[:4])
    envelope = json.loads(raw[4 : 4 + length])
    assert envelope == json.loads(json.dumps(there.to_json()))
    assert raw[-(-(4 + length) // 8) * 8 :] == there.data()
    assert answer.dtype == np.uint8
    assert answer.nbytes < MOST


@pytest.mark.parametrize("asked", [{"at": 99, "layer": 0}, {"at": 0, "layer": 99}])
def test_a_place_that_is_not_there_is_refused(trace, asked):
    with pytest.raises(InvalidError):
        ct.walk(trace).answer({"what": "walk", **asked})


def test_another_question_is_refused(trace):
    with pytest.raises(UnknownError, match="walk"):
        ct.walk(trace).answer({"what": "head"})

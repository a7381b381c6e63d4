"""A name is one of those known, or is refused with them; whatever else is given is no name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cutaway.core.choices import read_choice, read_flag
from cutaway.core.errors import InvalidError, UnknownError


@pytest.mark.parametrize(
    "given", ["", "KL", None, 0, True, b"kl", ["kl"], {}, np.array(["kl", "js"])]
)
def test_what_is_no_known_name_is_refused_with_those_that_are(given: Any) -> None:
    known = {"kl": 1, "js": 2}
    assert read_choice("distance", "js", known) == "js"
    with pytest.raises(UnknownError, match=r"unknown distance .*; known: 'kl', 'js'"):
        read_choice("distance", given, known)


@pytest.mark.parametrize("given", [None, 0, 1, "True", [], [True], np.array([True])])
def test_a_flag_is_true_or_false(given: Any) -> None:
    assert (read_flag("exact", np.True_), read_flag("exact", False)) == (True, False)
    with pytest.raises(InvalidError, match=r"invalid exact .*; allowed: True or False"):
        read_flag("exact", given)

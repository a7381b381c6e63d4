"""What the page of families promises, and that its rows hold in other precisions."""

from __future__ import annotations

import pytest
import torch

from cutaway.model.discover import discover
from tests.models import kind_of, tiny_model

from .expected import QUICK
from .survey import PROBE
from .table import PATH, marks_in

PAGE = marks_in(PATH.read_text(encoding="utf-8"))
SPEAKING = ("", "masked", "seq2seq")
LANGUAGE = {name: cells for name, cells in PAGE.items() if kind_of(name)[0] in SPEAKING}
PLAIN = [name for name in QUICK if kind_of(name)[0] in ("", "masked")]


def test_at_least_so_many_language_models_are_exact() -> None:
    """Of the three lists that 263 tiny models could be built from by other means."""
    exact = sum(cells[0] == "yes" for cells in LANGUAGE.values())
    attention = sum(cells[2] in ("yes", "none") for cells in LANGUAGE.values())
    neurons = sum(cells[4] == "yes" for cells in LANGUAGE.values())
    assert exact >= 258
    assert attention >= 225
    assert neurons >= 225


def test_what_is_not_yes_has_a_reason() -> None:
    for name, cells in PAGE.items():
        assert cells[-1] or all(cell in ("yes", "none") for cell in cells[:-1]), name


@pytest.mark.parametrize("family", PLAIN)
def test_a_row_says_what_is_proven_in_half_precision(family: str) -> None:
    found = discover(tiny_model(family).to(torch.bfloat16), PROBE).capabilities
    names = ("logit lens", "inside", "attention", "queries and keys", "neurons", "saliency")
    assert [found[name].proven for name in names] == [mark == "yes" for mark in PAGE[family][:6]]

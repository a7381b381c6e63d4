"""The page of families is about the families there are."""

from __future__ import annotations

import pytest
import torch

from cutaway.model.discover import discover
from tests.models import FAMILIES, MASKED, tiny_model

from .expected import NOT_RUNNABLE, QUICK, REFUSED
from .survey import PROBE
from .table import PATH, names_in


def line_of(family: str) -> str:
    lines = PATH.read_text(encoding="utf-8").splitlines()
    return next(line for line in lines if line.startswith(f"| `{family}` |"))


def test_every_family_has_its_row() -> None:
    assert names_in(PATH.read_text(encoding="utf-8")) == [*FAMILIES, *MASKED]


def test_refusals_and_what_was_not_run_are_said() -> None:
    assert all("| refused |" in line_of(family) for family in REFUSED)
    assert all("| not run |" in line_of(family) for family in NOT_RUNNABLE)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("family", QUICK)
def test_a_row_says_what_is_proven_in_any_precision(family: str, dtype: torch.dtype) -> None:
    found = discover(tiny_model(family).to(dtype), PROBE).capabilities
    marks = line_of(family).split("|")[2:7]
    names = ("logit lens", "inside", "neurons", "saliency", "attention")
    proven = [found[name].proven for name in names]
    assert [mark.strip() == "yes" for mark in marks] == proven

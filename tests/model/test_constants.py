"""Scales and soft-caps are read off the numbers exactly, or not at all."""

from __future__ import annotations

import math

import pytest
import torch

from cutaway.model.constants import Cap, Scale, fit_after, fit_scale

NUMBERS = 5 * torch.randn(11, 200, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("factor", [0.0625, 12.0, 1 / 24, 0.22, 1 / math.sqrt(768), -0.5])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_scale_is_found_to_the_last_digit(factor: float, dtype: torch.dtype) -> None:
    numbers = NUMBERS.to(dtype)
    found = fit_scale(numbers, numbers * factor)
    assert found is not None
    assert found.factor == pytest.approx(factor, rel=1e-12)


@pytest.mark.parametrize("bound", [3.0, 15.0, 30.0])
def test_a_soft_cap_is_found(bound: float) -> None:
    steps = fit_after(NUMBERS, Cap(bound)(NUMBERS))
    assert steps == (Cap(bound),)


def test_nothing_is_found_where_there_is_nothing() -> None:
    assert fit_after(NUMBERS, NUMBERS) == ()
    assert fit_scale(NUMBERS, NUMBERS + 1) is None
    assert fit_after(NUMBERS, NUMBERS.relu()) is None
    assert fit_after(NUMBERS, NUMBERS.flip(0)) is None


def test_words_say_what_is_done() -> None:
    assert (str(Scale(0.25)), str(Cap(30.0))) == ("x 0.25", "soft-capped at 30")

"""Numbers are printed as the table says; the browser's twin is fed the same table."""

import json
import math
from pathlib import Path

import pytest

from cutaway.core import numbers

TABLE = json.loads((Path(__file__).parent / "numbers_table.json").read_text("utf-8"))


def value(number: float | None) -> float:
    return math.nan if number is None else number  # JSON has no NaN


@pytest.mark.parametrize(("share", "text"), TABLE["percent"])
def test_percent(share: float | None, text: str) -> None:
    assert numbers.percent(value(share)) == text


@pytest.mark.parametrize(("number", "unit", "text"), TABLE["quantity"])
def test_quantity(number: float | None, unit: str, text: str) -> None:
    assert numbers.quantity(value(number), unit) == text


@pytest.mark.parametrize(("number", "text"), TABLE["rank"])
def test_rank(number: int, text: str) -> None:
    assert numbers.rank(number) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (1000, "1 kB"), (999_600, "1 MB"), (18_300_000, "18.3 MB"),
     (5e15, "5e+03 TB")],
)  # fmt: skip
def test_byte_size(count: float, text: str) -> None:
    assert numbers.byte_size(count) == text

"""Cosines and neighbours agree with plain loops, in blocks as well as at once."""

from __future__ import annotations

import numpy as np
import pytest

from cutaway.core import vectors
from cutaway.core.vectors import cosines, nearest, unit

ROWS = np.random.default_rng(0).normal(size=(60, 7)).astype(np.float32)
ROWS[3] = 0
ROWS[41] = 2 * ROWS[17]


def plain(a: np.ndarray, b: np.ndarray) -> float:
    length = np.sqrt(float(a @ a)) * np.sqrt(float(b @ b))
    return float(a @ b) / length if length else 0.0


@pytest.mark.parametrize("block", [8_000_000, 130, 1])
def test_cosines_and_neighbours_are_those_of_a_plain_loop(
    block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vectors, "_BLOCK", block)
    rows = ROWS.astype(np.float64)
    expected = np.array([[plain(a, b) for b in rows[:5]] for a in rows])
    np.testing.assert_allclose(cosines(ROWS, ROWS[:5]), expected, atol=1e-12)
    places, close = nearest(ROWS, ROWS[:5], 9)
    for query in range(5):
        order = sorted(range(60), key=lambda row: -expected[row, query])[:9]
        np.testing.assert_allclose(close[query], expected[order, query], atol=1e-12)
        if query != 3:  # a row of zeros is equally far from all
            assert places[query].tolist() == order


def test_of_equals_the_first_comes_first_and_k_may_be_all() -> None:
    places, close = nearest(ROWS, ROWS[17:18], 100)
    assert places[0, :2].tolist() == [17, 41]
    assert sorted(places[0]) == list(range(60))
    assert (np.diff(close[0]) <= 0).all()
    tied, _ = nearest(ROWS, np.zeros((1, 7)), 4)
    assert tied[0].tolist() == [0, 1, 2, 3]


def test_a_row_of_zeros_stays_one() -> None:
    assert not unit(ROWS)[3].any()
    np.testing.assert_allclose(np.linalg.norm(np.delete(unit(ROWS), 3, 0), axis=1), 1)

"""How layers and positions given by a user are read; a negative layer is always refused."""

from typing import Any

import numpy as np
import pytest

from cutaway.core import axes
from cutaway.core.errors import InvalidError


@pytest.mark.parametrize(
    ("given", "layer"), [("in", -1), (0, 0), (29, 29), ("7", 7), (np.int64(3), 3)]
)
def test_a_layer_is_a_number_or_in(given: object, layer: int) -> None:
    assert axes.read_layer(given, 30) == layer
    assert axes.read_layer(axes.layer_name(layer), 30) == layer


@pytest.mark.parametrize(
    "given", [-1, 30, "out", "-1", "", 1.0, True, None, np.nan, [1], "9" * 5_000, "²"]
)
def test_what_is_no_layer_is_refused(given: object) -> None:
    with pytest.raises(InvalidError, match="allowed: 0 to 29 or 'in'"):
        axes.read_layer(given, 30)


def test_in_is_no_block() -> None:
    with pytest.raises(InvalidError, match=r"allowed: 0 to 29$"):
        axes.read_layer("in", 30, with_input=False)


@pytest.mark.parametrize(
    ("given", "layers"),
    [
        (None, (0, 1, 2)),
        (1, (1,)),
        ([2, 0], (2, 0)),
        (range(2), (0, 1)),
        ("1", (1,)),
        (np.array(1), (1,)),
    ],
)
def test_layers(given: object, layers: tuple[int, ...]) -> None:
    assert axes.read_layers(given, 3) == layers


def test_layers_may_begin_with_in() -> None:
    assert axes.read_layers(None, 2, with_input=True) == (-1, 0, 1)
    assert axes.read_layers("in", 2, with_input=True) == (-1,)


@pytest.mark.parametrize("given", [[], [1, 1], [3], ["in"], 3])
def test_what_are_no_layers_is_refused(given: object) -> None:
    with pytest.raises(InvalidError):
        axes.read_layers(given, 3)


@pytest.mark.parametrize(
    ("given", "positions"),
    [
        (None, (0, 1, 2)),
        (-1, (2,)),
        ([2, -3, 2], (0, 2)),
        (slice(None, None, 2), (0, 2)),
        (np.array(1), (1,)),
    ],
)
def test_positions_count_from_the_end_too(given: Any, positions: tuple[int, ...]) -> None:
    assert axes.read_positions(given, 3) == positions


@pytest.mark.parametrize(
    "given",
    [3, -4, [], "0", 0.0, slice(3, None), [0, None], slice(0, 9, 0), slice("a", "b"), b"\0", {}],
)
def test_what_are_no_positions_is_refused(given: Any) -> None:
    with pytest.raises(InvalidError, match="allowed: "):
        axes.read_positions(given, 3)


def test_a_whole_number_says_its_bounds() -> None:
    assert axes.read_whole("n", np.int8(3), 1) == 3
    for huge in (2**63, 10**5_000):  # Python refuses to print the second
        with pytest.raises(InvalidError, match=r"^invalid n .*; allowed: .* 1, below 2\*\*63$"):
            axes.read_whole("n", huge, 1)
    with pytest.raises(InvalidError, match=r"^invalid k 0; allowed: a whole number from 1 to 9$"):
        axes.read_whole("k", 0, 1, 9)
    with pytest.raises(InvalidError, match=r"^invalid k 'x'; allowed: a whole number from 1$"):
        axes.read_whole("k", "x", 1)


@pytest.mark.parametrize("given", [-1, 2**32, None, 0.5, True, "1"])
def test_a_seed_is_one_that_every_source_of_chance_takes(given: object) -> None:
    assert axes.read_seed(2**32 - 1) == 2**32 - 1
    with pytest.raises(InvalidError, match=r"seed .* allowed: a whole number from 0 to 4294967295"):
        axes.read_seed(given)


def test_a_generator_is_gone_through_once() -> None:
    assert axes.read_layers((i for i in (2, 0)), 3) == (2, 0)
    assert axes.read_positions((i for i in (2, -3)), 3) == (0, 2)
    with pytest.raises(InvalidError, match=r"invalid layers \[1, 1\]"):
        axes.read_layers((i for i in (1, 1)), 3)

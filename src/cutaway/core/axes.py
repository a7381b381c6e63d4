"""The names of the axes, and how a layer or a position given by a user is read.

Layers, heads, neurons and positions count from 0. The state that enters block 0 is layer -1,
written "in". A negative layer number is refused, for it would be read two ways; positions may be
negative and count from the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import index

from .errors import InvalidError

__all__ = [
    "INPUT",
    "INPUT_LAYER",
    "as_list",
    "layer_name",
    "neuron_name",
    "read_layer",
    "read_layers",
    "read_position",
    "read_positions",
    "read_seed",
    "read_slice",
    "read_whole",
]

#: What the state that enters block 0 is called by users.
INPUT = "in"
#: What it is called on the layer axis.
INPUT_LAYER = -1
#: What a tensor, a file and a database can hold.
_LARGEST = 2**63 - 1
#: More digits than the number of any layer has.
_DIGITS = 9


def read_whole(what: str, value: object, low: int, high: int | None = None) -> int:
    """A whole number within low..high, or an error that says so.

    >>> read_whole("k", 5, 1, 10)
    5
    """
    allowed = f"a whole number from {low}" + ("" if high is None else f" to {high}")
    if isinstance(value, bool):
        raise InvalidError(what, value, allowed=allowed)
    try:
        number = index(value)  # type: ignore[arg-type]
    except TypeError:
        raise InvalidError(what, value, allowed=allowed) from None
    if number < low or (high is not None and number > high):
        raise InvalidError(what, value, allowed=allowed)
    if number > _LARGEST:
        raise InvalidError(what, value, allowed=f"{allowed}, below 2**63")
    return number


def read_seed(value: object) -> int:
    """A seed that every source of random numbers takes, 0 to 4,294,967,295.

    >>> read_seed(7)
    7
    """
    return read_whole("seed", value, 0, 2**32 - 1)


def read_layer(value: object, n_layers: int, *, with_input: bool = True) -> int:
    """The number of a layer on the layer axis: 0..n_layers-1, or -1 for "in".

    >>> read_layer("in", 30), read_layer(29, 30)
    (-1, 29)
    """
    if isinstance(value, str):
        if value == INPUT and with_input:
            return INPUT_LAYER
        if not value.isdecimal() or len(value) > _DIGITS:
            raise InvalidError("layer", value, allowed=_layers_allowed(n_layers, with_input))
        value = int(value)
    try:
        return read_whole("layer", value, 0, n_layers - 1)
    except InvalidError:
        raise InvalidError("layer", value, allowed=_layers_allowed(n_layers, with_input)) from None


def read_layers(values: object, n_layers: int, *, with_input: bool = False) -> tuple[int, ...]:
    """Distinct layers in the order given; None is every block ("in" included if allowed).

    >>> read_layers(None, 3), read_layers([2, 0], 3), read_layers(1, 3)
    ((0, 1, 2), (2, 0), (1,))
    """
    if values is None:
        return tuple(range(INPUT_LAYER if with_input else 0, n_layers))
    given = as_list(values)
    layers = tuple(read_layer(value, n_layers, with_input=with_input) for value in given)
    if not layers or len(set(layers)) != len(layers):
        raise InvalidError("layers", given, allowed="one or more different layers")
    return layers


def read_position(value: object, n_positions: int, what: str = "position") -> int:
    """A position 0..n-1; negative ones count from the end.

    >>> read_position(-1, 5), read_position(0, 5)
    (4, 0)
    """
    try:
        number = read_whole(what, value, -n_positions, n_positions - 1)
    except InvalidError:
        raise InvalidError(what, value, allowed=_positions_allowed(n_positions)) from None
    return number % n_positions


def read_positions(values: object, n_positions: int) -> tuple[int, ...]:
    """Distinct positions in ascending order; None is all, a slice or range a part.

    >>> read_positions(None, 3), read_positions([-1, 0], 3), read_positions(slice(1, None), 3)
    ((0, 1, 2), (0, 2), (1, 2))
    """
    if values is None:
        return tuple(range(n_positions))
    if isinstance(values, slice):
        chosen: Sequence[int] = read_slice("positions", values, n_positions)
    else:
        chosen = [read_position(value, n_positions) for value in as_list(values)]
    if not chosen:
        raise InvalidError("positions", values, allowed=f"at least one of 0 to {n_positions - 1}")
    return tuple(sorted(set(chosen)))


def read_slice(what: str, values: slice, n: int) -> range:
    """The numbers of 0..n-1 that a slice means.

    >>> read_slice("positions", slice(1, None), 3)
    range(1, 3)

    Raises InvalidError for one with other bounds than whole numbers, or with steps of 0.
    """
    try:
        return range(n)[values]
    except (TypeError, ValueError):
        raise InvalidError(what, values, allowed=f"a slice of 0 to {n - 1}") from None


def as_list(values: object) -> list[object]:
    """Several values one by one, or a list of the one that is given.

    >>> as_list(range(2)), as_list(3), as_list("in")
    ([0, 1], [3], ['in'])
    """
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        return [values]
    try:
        return list(values)
    except TypeError:  # an array of one number has no axis to go along
        return [values]


def layer_name(layer: int) -> str:
    """How a layer is printed: its number, or "in" for the state before block 0.

    >>> layer_name(-1), layer_name(3)
    ('in', '3')
    """
    return INPUT if layer == INPUT_LAYER else str(layer)


def neuron_name(neuron: int, expert: int = -1, own: int | None = None) -> str:
    """How a neuron is printed: its number, or in a mixture its expert and its number there.

    expert  -1 for a neuron of no expert;  own  its number there, another one beside experts

    >>> neuron_name(17), neuron_name(161, 3, 17), neuron_name(197, -1, 5)
    ('17', 'expert 3 · 17', 'shared · 5')
    """
    if expert >= 0:
        return f"expert {expert} · {own}"
    return str(neuron) if own in (None, neuron) else f"shared · {own}"


def _layers_allowed(n_layers: int, with_input: bool) -> str:
    return f"0 to {n_layers - 1}" + (f" or {INPUT!r}" if with_input else "")


def _positions_allowed(n: int) -> str:
    """Both ways to say a position; of a text of one token there is one each.

    >>> _positions_allowed(5), _positions_allowed(1)
    ('0 to 4, or -5 to -1 from the end', '0, or -1 from the end')
    """
    return f"0 to {n - 1}, or -{n} to -1 from the end" if n > 1 else "0, or -1 from the end"

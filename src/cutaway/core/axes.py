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
    "AXES",
    "INPUT",
    "INPUT_LAYER",
    "layer_name",
    "neuron_name",
    "read_layer",
    "read_layers",
    "read_position",
    "read_positions",
    "read_whole",
]

#: The one vocabulary of axes, in code, files, docs and pages.
AXES = (
    "layer", "position", "token", "k", "head", "query", "key", "neuron", "part", "factor",
    "cluster", "run", "target", "source",
)  # fmt: skip
#: What the state that enters block 0 is called by users.
INPUT = "in"
#: What it is called on the layer axis.
INPUT_LAYER = -1


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
    return number


def read_layer(value: object, n_layers: int, *, with_input: bool = True) -> int:
    """The number of a layer on the layer axis: 0..n_layers-1, or -1 for "in".

    >>> read_layer("in", 30), read_layer(29, 30)
    (-1, 29)
    """
    if isinstance(value, str):
        if value == INPUT and with_input:
            return INPUT_LAYER
        if not value.isdecimal():
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
    if isinstance(values, str) or not isinstance(values, Iterable):
        values = [values]
    layers = tuple(read_layer(value, n_layers, with_input=with_input) for value in values)
    if not layers or len(set(layers)) != len(layers):
        raise InvalidError("layers", values, allowed="one or more different layers")
    return layers


def read_position(value: object, n_positions: int, what: str = "position") -> int:
    """A position 0..n-1; negative ones count from the end.

    >>> read_position(-1, 5), read_position(0, 5)
    (4, 0)
    """
    try:
        number = read_whole(what, value, -n_positions, n_positions - 1)
    except InvalidError:
        raise InvalidError(
            what, value, allowed=f"0 to {n_positions - 1}, or -{n_positions} to -1 from the end"
        ) from None
    return number % n_positions


def read_positions(values: object, n_positions: int) -> tuple[int, ...]:
    """Distinct positions in ascending order; None is all, a slice or range a part.

    >>> read_positions(None, 3), read_positions([-1, 0], 3), read_positions(slice(1, None), 3)
    ((0, 1, 2), (0, 2), (1, 2))
    """
    if values is None:
        return tuple(range(n_positions))
    if isinstance(values, slice):
        chosen: Sequence[int] = range(n_positions)[values]
    elif isinstance(values, Iterable) and not isinstance(values, str):
        chosen = [read_position(value, n_positions) for value in values]
    else:
        chosen = [read_position(values, n_positions)]
    if not chosen:
        raise InvalidError("positions", values, allowed=f"at least one of 0 to {n_positions - 1}")
    return tuple(sorted(set(chosen)))


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

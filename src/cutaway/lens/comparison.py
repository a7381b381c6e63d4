"""A comparison of two traces under one lens: both answers, and how they stand side by side."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..core.errors import InvalidError
from ..trace.source import Ints
from ..trace.trace import Trace
from .comparison_axes import paired_layers, rows_of, slot_coords
from .difference import lazy_with_difference, with_difference
from .lazy_difference import Takes
from .sequence_alignment import Alignment, align
from .stream import of_stream

__all__ = ["Comparison"]

#: Labels that a lens gives to its positions: whose rank it is, which token is explained.
_OWN_LABELS = ("target", "explained")
#: The axis of what the encoder of an encoder-decoder read.
SOURCE = "source_position"


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two traces, what a lens answered of each, and how the answers stand beside each other.

    token_axes   those that are tokens of the traces
    source_axes  those that are tokens of what their encoders read, where an answer has them
    spans        whether paired tokens must begin at the same character as well
    lazy         where the numbers are computed when they are touched: the bytes that takes
    common       variables and coordinates that both answers share
    extend       adds what a comparison has beside both answers to its dataset
    lens_notes   notes of the lens on these two
    """

    a: Trace
    b: Trace
    answers: tuple[xr.Dataset, xr.Dataset]
    token_axes: tuple[str, ...] = ()
    source_axes: tuple[str, ...] = (SOURCE,)
    spans: bool = False
    lazy: Takes | None = None
    common: xr.Dataset = field(default_factory=xr.Dataset)
    extend: Callable[[xr.Dataset, Comparison], xr.Dataset] | None = None
    lens_notes: tuple[str, ...] = ()

    def dataset(self) -> xr.Dataset:
        """Both answers on common axes, with all coordinates but `run`."""
        places: dict[str, tuple[Ints, Ints]] = {}
        coords: dict[str, Any] = {}
        for axis in (*self.token_axes, *self._present_source_axes):
            places[axis], coords = self._tokens(axis, coords)
        if "layer" in self.answers[0].dims:
            layers, *rows = self.layers
            places["layer"] = (rows[0], rows[1])
            coords["layer"] = layers
        coords |= self._shared(set(places))
        if self.lazy is None:
            variables = with_difference(*self.answers, places)
        else:
            variables = lazy_with_difference(*self.answers, places, self.lazy)
        dataset = xr.Dataset(variables, coords)
        dataset = dataset.assign(self.common.data_vars).assign_coords(self.common.coords)
        return self.extend(dataset, self) if self.extend else dataset

    @cached_property
    def layers(self) -> tuple[Ints, Ints, Ints]:
        """The layers of both, and the row of each in either answer, -1 for none."""
        return paired_layers(*self.answers, self.a.n_layers, self.b.n_layers)

    @property
    def layer_numbers(self) -> tuple[list[int | None], list[int | None]]:
        """Of each row of the axis `layer` the layer of either model, None where it has none."""
        first, second = (
            [None if row < 0 else int(answer["layer"][row]) for row in rows]
            for answer, rows in zip(self.answers, self.layers[1:], strict=True)
        )
        return first, second

    @property
    def _present_source_axes(self) -> tuple[str, ...]:
        return tuple(axis for axis in self.source_axes if axis in self.answers[0].dims)

    def _tokens(self, axis: str, coords: dict[str, Any]) -> tuple[tuple[Ints, Ints], Any]:
        """The rows of both along an axis of tokens, and its coordinates."""
        a, b, slots = self._texts(axis)
        if axis == "target":
            slots = _with_next(slots, a.n_positions, b.n_positions)
        rows = [
            rows_of(at, answer[axis].values.tolist())
            for at, answer in zip((slots.a, slots.b), self.answers, strict=True)
        ]
        kept: NDArray[np.bool_] = (rows[0] >= 0) | (rows[1] >= 0)
        made = slot_coords(a, b, slots, axis, kept)
        for name in _OWN_LABELS:
            for side, answer, row in zip("ab", self.answers, rows, strict=True):
                if name in answer.coords and answer[name].dims == (axis,) and name != axis:
                    label = answer[name].values[np.maximum(row, 0)]
                    made[f"{name}_{side}"] = axis, np.where(row < 0, "", label)[kept]
        return (rows[0][kept], rows[1][kept]), coords | made

    def _texts(self, axis: str) -> tuple[Trace, Trace, Alignment]:
        """The two texts whose tokens an axis has, and how they are aligned."""
        if axis in self.source_axes:
            return (*self._sources, self._source_slots)
        return self.a, self.b, self._slots

    @cached_property
    def _slots(self) -> Alignment:
        return align(self.a, self.b, spans=self.spans)

    @property
    def _sources(self) -> tuple[Trace, Trace]:
        """What the encoders of two encoder-decoders read."""
        return of_stream(self.a, "encoder"), of_stream(self.b, "encoder")

    @cached_property
    def _source_slots(self) -> Alignment:
        return align(*self._sources, spans=self.spans, of="sources")

    def _shared(self, placed: set[str]) -> dict[str, Any]:
        """The coordinates of the other axes, which must be the same in both."""
        first, second = self.answers
        for axis in set(map(str, first.dims)) - placed:
            if not np.array_equal(first[axis].values, second[axis].values):
                raise InvalidError(
                    f"pair of traces on the axis {axis}",
                    (first.sizes[axis], second.sizes[axis]), allowed="the same entries in both",
                )  # fmt: skip
        return {
            str(name): array for name, array in first.coords.items()
            if array.dims and not set(map(str, array.dims)) & placed
        }  # fmt: skip

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know of how the two stand beside each other."""
        notes = [f"Tokens: {self._slots.how}."] if self.token_axes else []
        if self._present_source_axes:
            notes.append(f"Tokens of the sources: {self._source_slots.how}.")
        a, b = self.a, self.b
        if a.n_layers != b.n_layers:
            notes.append(
                f"The models have {a.n_layers} and {b.n_layers} blocks: the last stands beside "
                "the last, and layers have the numbers of the deeper model."
            )
        return (*notes, *self.lens_notes)

    def side_notes(self, names: tuple[str, str]) -> Iterator[str]:
        """What the lens says of each side beside the notes of its trace."""
        for name, trace, answer in zip(names, (self.a, self.b), self.answers, strict=True):
            for note in json.loads(answer.attrs["notes"]):
                if note not in trace.notes:
                    yield f"{name}: {note}"


def _with_next(alignment: Alignment, n_a: int, n_b: int) -> Alignment:
    """With one more slot: the tokens not yet said, which stand beside each other."""
    return Alignment(
        np.append(alignment.a, n_a), np.append(alignment.b, n_b),
        np.append(alignment.same, False), alignment.how,
    )  # fmt: skip

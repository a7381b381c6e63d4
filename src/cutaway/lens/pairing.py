"""Two answers of one lens on common axes: tokens in slots, layers beside layers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..core.errors import InvalidError
from ..trace.source import Ints
from ..trace.trace import Trace
from .align import Alignment, align
from .both import both, paired_layers, rows_of, slot_coords
from .parting import ABSENT, with_parting

__all__ = ["Pair"]

#: Labels that a lens gives to its positions: whose rank it is, which token is explained.
_OWN_LABELS = ("target", "explained")
#: The axis of what the encoder of an encoder-decoder read.
SOURCE = "source_position"


@dataclass(frozen=True, eq=False)
class Pair:
    """Two traces, what the lens answered of each, and how their tokens are aligned."""

    a: Trace
    b: Trace
    answers: tuple[xr.Dataset, xr.Dataset]
    alignment: Alignment | None

    def dataset(self, axes: tuple[str, ...]) -> xr.Dataset:
        """Both answers on common axes, with all coordinates but `run`."""
        places: dict[str, tuple[Ints, Ints]] = {}
        coords: dict[str, Any] = {}
        for axis in (*axes, *([SOURCE] if SOURCE in self.answers[0].dims else [])):
            places[axis], coords = self._tokens(axis, coords)
        if "layer" in self.answers[0].dims:
            layers, *rows = paired_layers(*self.answers, self.a.n_layers, self.b.n_layers)
            places["layer"] = (rows[0], rows[1])
            coords["layer"] = layers
        coords |= self._shared(set(places))
        data = both(*self.answers, places)
        dataset = xr.Dataset(data, coords)
        return self._parting(dataset, places) if "token_id" in data else dataset

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
        if axis == SOURCE:
            return (*self._read, self._sources)
        assert self.alignment is not None
        return self.a, self.b, self.alignment

    @property
    def _read(self) -> tuple[Trace, Trace]:
        """What the encoders of two encoder-decoders read."""
        assert self.a.encoder is not None
        assert self.b.encoder is not None
        return self.a.encoder, self.b.encoder

    @cached_property
    def _sources(self) -> Alignment:
        return align(*self._read)

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

    def _parting(self, dataset: xr.Dataset, places: Mapping[str, Any]) -> xr.Dataset:
        """With what the logit lens says of where two runs part."""
        first, second = (
            np.where(rows < 0, ABSENT, answer["layer"].values[np.maximum(rows, 0)])
            for answer, rows in zip(self.answers, places["layer"], strict=True)
        )
        return with_parting(dataset, self.a, self.b, (first, second))

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know of this pair."""
        notes = [] if self.alignment is None else [f"Tokens: {self.alignment.how}."]
        if SOURCE in self.answers[0].dims:
            notes.append(f"Tokens of the sources: {self._sources.how}.")
        a, b = self.a, self.b
        if a.n_layers != b.n_layers:
            notes.append(
                f"The models have {a.n_layers} and {b.n_layers} blocks: the last stands beside "
                "the last, and layers have the numbers of the deeper model."
            )
        if "token_id" in self.answers[0] and a.card.width != b.card.width:
            notes.append(
                f"The residual states have {a.card.width} and {b.card.width} numbers, so they "
                "have no difference."
            )
        elif "token_id" in self.answers[0] and a.card != b.card:
            notes.append(
                "The states of two models are compared number by number: that means something "
                "for two versions of one model only."
            )
        return tuple(notes)


def _with_next(alignment: Alignment, n_a: int, n_b: int) -> Alignment:
    """With one more slot: the tokens not yet said, which stand beside each other."""
    return Alignment(
        np.append(alignment.a, n_a), np.append(alignment.b, n_b),
        np.append(alignment.same, False), alignment.how,
    )  # fmt: skip

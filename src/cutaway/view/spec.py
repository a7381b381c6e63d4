"""The Spec: one picture as a JSON header and named binary arrays, the same for every renderer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["DTYPES", "VERSION", "Spec"]

#: Raised when a header's meaning changes; the page refuses what it does not know.
VERSION = 1
#: The array types a Spec may hold; the browser has a typed array for each.
DTYPES = ("float32", "int32", "uint8", "uint16")


@dataclass(frozen=True, eq=False)
class Spec:
    """One picture: what kind, a JSON header, arrays by name.

    Every header has: title (of the window), heading (the question in plain words), about (one
    line that defines the number and its unit), sentence (what is seen, built from the numbers,
    as a list of [style, text] runs; styles: "", "b", "out", "in"), provenance (a list of
    [name, value] rows), notes (a list of strings). The rest is the kind's own.
    """

    kind: str
    header: Mapping[str, Any]
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, array in self.arrays.items():
            if array.dtype.name not in DTYPES:
                raise TypeError(f"array {name!r} is {array.dtype}, not one of {', '.join(DTYPES)}")
        json.dumps(self.header, allow_nan=False)

    def layout(self) -> list[dict[str, Any]]:
        """Where each array lies in `data()`: name, dtype, shape, offset in bytes (8-aligned)."""
        rows, offset = [], 0
        for name, array in self.arrays.items():
            rows.append(
                {"name": name, "dtype": array.dtype.name, "shape": list(array.shape),
                 "offset": offset}
            )  # fmt: skip
            offset += -(-array.nbytes // 8) * 8
        return rows

    def data(self) -> bytes:
        """The arrays one after another, little-endian, each padded to 8 bytes."""
        parts = []
        for array in self.arrays.values():
            raw = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).tobytes()
            parts.append(raw + b"\0" * (-len(raw) % 8))
        return b"".join(parts)

    def to_json(self) -> dict[str, Any]:
        """The envelope without the data: version, kind, header, arrays."""
        return {
            "version": VERSION, "kind": self.kind, "header": dict(self.header),
            "arrays": self.layout(),
        }  # fmt: skip

"""The Spec: one picture as a JSON header and named binary arrays, the same for every renderer."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["CHUNK", "DTYPES", "VERSION", "Spec", "little_endian"]

#: Raised when a header's meaning changes; the page refuses what it does not know.
VERSION = 1
#: The array types a Spec may hold; the browser has a typed array for each.
DTYPES = ("float32", "int32", "uint8", "uint16")
#: The most bytes of a chunk, unless one row is larger: unpacked within a frame.
CHUNK = 1 << 18


@dataclass(frozen=True, eq=False)
class Spec:
    """One picture: what kind, a JSON header, arrays by name.

    Every header has: title (of the window), heading (the question in plain words), about (one
    line that defines the number and its unit), sentence (what is seen, built from the numbers,
    as a list of [style, text] runs; styles: "", "b", "out", "in"), provenance (a list of
    [name, value] rows), notes (a list of strings). The rest is the kind's own.

    later     names of large arrays that are looked at row by row (a row is an entry of the first
              axis): they travel in chunks, and a page unpacks a chunk when one of its rows is
              wanted
    sections  pictures that a report shows inside, by name: each travels as a packet of its own,
              and is unpacked when it is opened; they have no sections themselves
    """

    kind: str
    header: Mapping[str, Any]
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    later: tuple[str, ...] = ()
    sections: Mapping[str, Spec] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, array in self.arrays.items():
            if array.dtype.name not in DTYPES:
                raise TypeError(f"array {name!r} is {array.dtype}, not one of {', '.join(DTYPES)}")
        if unknown := set(self.later) - set(self.arrays):
            raise TypeError(f"no array for later is called {', '.join(sorted(unknown))}")
        for name, section in self.sections.items():
            if not name.isidentifier() or section.sections:
                raise TypeError(f"{name!r} is no section: a name, and a picture without sections")
        json.dumps(self.header, allow_nan=False)

    @property
    def nbytes(self) -> int:
        """Bytes of its arrays, those of its sections with them."""
        own = sum(array.nbytes for array in self.arrays.values())
        return own + sum(section.nbytes for section in self.sections.values())

    def layout(self) -> list[dict[str, Any]]:
        """Where each array lies: name, dtype, shape, and its offset in `data()` in bytes
        (8-aligned) or, of those for later, how many rows a chunk has."""
        rows, offset = [], 0
        for name, array in self.arrays.items():
            row = {"name": name, "dtype": array.dtype.name, "shape": list(array.shape)}
            if name in self.later:
                rows.append(row | {"rows": self.rows(name)})
            else:
                rows.append(row | {"offset": offset})
                offset += _padded(array.nbytes)
        return rows

    def data(self) -> bytes:
        """The arrays but those for later, little-endian, each padded to 8 bytes."""
        parts = []
        for name, array in self.arrays.items():
            if name not in self.later:
                parts.append(little_endian(array).ljust(_padded(array.nbytes), b"\0"))
        return b"".join(parts)

    def rows(self, name: str) -> int:
        """How many rows of an array for later a chunk has; the last one may have fewer."""
        array = self.arrays[name]
        return max(1, CHUNK * len(array) // max(array.nbytes, 1))

    def chunks(self, name: str) -> Iterator[bytes]:
        """An array for later in chunks of rows, little-endian."""
        for index in range(-(-len(self.arrays[name]) // self.rows(name))):
            yield self.chunk(name, index)

    def chunk(self, name: str, index: int) -> bytes:
        """One chunk of an array for later; they count from 0."""
        each = self.rows(name)
        return little_endian(self.arrays[name][index * each : (index + 1) * each])

    def to_json(self) -> dict[str, Any]:
        """The envelope without the data: version, kind, header, arrays."""
        return {
            "version": VERSION, "kind": self.kind, "header": dict(self.header),
            "arrays": self.layout(),
        }  # fmt: skip


def little_endian(array: NDArray[Any]) -> bytes:
    """An array's bytes in row-major order, as every browser reads them."""
    return np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).tobytes()


def _padded(n_bytes: int) -> int:
    return -(-n_bytes // 8) * 8

"""The bytes of a trace file: a safetensors file whose metadata hold a checked JSON header.

    8 bytes   length of the table, little-endian
    table     JSON: name -> {dtype, shape, data_offsets}, and "__metadata__"
    data      the arrays one after another, little-endian, widest numbers first

The metadata are four strings: "format" is "cutaway trace", "version" the number of the format,
"header" JSON text, "sha256" that text's checksum. The header repeats the dtype, shape and
checksum of every array, so that no bit of the file can change unnoticed.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Mapping
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

__all__ = ["DTYPES", "FORMAT", "LENGTH", "VERSION", "write_container"]

#: The newest format; a file has the oldest one that can read it: 2 came with attention calls, 3
#: with encoders and classifiers, 4 with sounds.
VERSION = 4
FORMAT = "cutaway trace"
#: safetensors' names of the types that a trace holds.
DTYPES = {"F16": "<f2", "F32": "<f4", "F64": "<f8", "I64": "<i8", "BOOL": "?"}
#: The table's length, at the very beginning.
LENGTH = struct.Struct("<Q")
_CODES = {np.dtype(kind): code for code, kind in DTYPES.items()}


def write_container(
    file: BinaryIO,
    header: Mapping[str, Any],
    arrays: Mapping[str, NDArray[Any]],
    *,
    version: int = 1,
) -> None:
    """Write a header of JSON values and named arrays to an open binary file."""
    # Widest first keeps every array aligned without holes, which safetensors does not allow.
    ordered = sorted(arrays.items(), key=lambda item: -item[1].dtype.itemsize)
    table: dict[str, Any] = {}
    entries: dict[str, Any] = {}
    offset = 0
    for name, array in ordered:
        code = _CODES[array.dtype]
        span = [offset, offset + array.nbytes]
        table[name] = {"dtype": code, "shape": list(array.shape), "data_offsets": span}
        checksum = hashlib.sha256(_raw(array)).hexdigest()
        entries[name] = {"dtype": code, "shape": list(array.shape), "sha256": checksum}
        offset = span[1]
    text = json.dumps({**header, "arrays": entries})
    metadata = {
        "format": FORMAT, "version": str(version), "header": text,
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
    }  # fmt: skip
    packed = json.dumps({"__metadata__": metadata, **table}).encode()
    packed += b" " * (-len(packed) % 8)
    file.write(LENGTH.pack(len(packed)) + packed)
    for _, array in ordered:
        file.write(_raw(array))


def _raw(array: NDArray[Any]) -> memoryview:
    plain = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    return plain.reshape(-1).view(np.uint8).data

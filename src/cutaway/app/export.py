"""A view as a file: pages and drawings from its Spec, numbers from its dataset."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable, Hashable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import FileError, InvalidError, MissingError
from ..core.extras import check_installed
from ..core.files import scratch, write_whole
from ..core.numbers import byte_size
from ..core.room import allowed, check_room
from ..core.terminal import harmless_json

if TYPE_CHECKING:
    import xarray as xr

    from .view import View

__all__ = [
    "SUFFIXES", "check_json", "check_suffix", "export", "long_form", "long_rows", "to_csv",
    "to_json", "to_netcdf",
]  # fmt: skip

#: Bytes that text takes while it is made, measured: of a number in .json; of a row in .csv, and of
#: each of its cells.
_NUMBER, _ROW, _CELL = 75, 160, 20
#: The quarter of what a question may take is for text: what it is made of is held beside it, and
#: gigabytes of it are no use to who reads text.
_PART = 4
_LESS = "save it as .nc, which holds numbers and no text, ask for fewer layers, positions or texts"


def export(view: View, path: Path) -> Path:
    """Write a view in the format of the path's suffix; whole or not at all."""
    check_suffix(path)  # before anything is computed
    return write_whole(path, _MAKERS[path.suffix.lower()](view))


def check_suffix(path: Path) -> None:
    """Raise InvalidError for a suffix of no format, MissingError where its package is missing."""
    suffix = path.suffix.lower()
    if suffix not in _MAKERS:
        raise InvalidError(
            "suffix", path.suffix, allowed=", ".join(SUFFIXES), fix=f"rename {path.name!r}"
        )
    if suffix in _PACKAGES:
        package, extra = _PACKAGES[suffix]
        check_installed(package, because=f"it writes {suffix} files", extra=extra)


def to_json(dataset: xr.Dataset) -> str:
    """A dataset as JSON text: attributes, coordinates and variables with their axes.

    NaN is null, infinities are the texts "inf" and "-inf"; attributes that are JSON text are
    written as the values they hold. Raises MissingError for so many numbers that they have no room.
    """
    check_json([dataset])
    whole = {
        "attrs": {name: _attribute(value) for name, value in dataset.attrs.items()},
        "coords": {str(name): _array(array) for name, array in dataset.coords.items()},
        "data": {str(name): _array(array) for name, array in dataset.data_vars.items()},
    }
    return harmless_json(json.dumps(whole, ensure_ascii=False, allow_nan=False)) + "\n"


def check_json(datasets: Iterable[xr.Dataset], fix: str = _LESS) -> None:
    """Raise MissingError where the numbers of these datasets together have no room as JSON."""
    numbers = sum(
        array.size for one in datasets for array in (*one.coords.values(), *one.data_vars.values())
    )
    _check_room(f"{numbers:,} numbers as .json", numbers * _NUMBER, fix)


def to_csv(dataset: xr.Dataset) -> str:
    """A dataset in long form: a row for each cell, first its axes, then its variables.

    The cells are those of the variable with the most axes, or of the one that attrs["table"]
    names; variables with fewer axes are repeated, others are left out. A variable that has the
    name of its axis is the column "value". The first cell of the column "made_by" holds the
    dataset's attributes (model, run, options) as JSON, the others are empty.

    Raises MissingError for so many rows that they have no room.
    """
    rows, wide = long_rows(dataset), len(dataset.coords) + len(dataset.data_vars)
    _check_room(f"{rows:,} rows as .csv", rows * (_ROW + _CELL * wide))
    columns = long_form(dataset)
    attributes = {name: _attribute(value) for name, value in dataset.attrs.items()}
    columns["made_by"] = np.array([json.dumps(attributes), *[""] * (rows - 1)], dtype=object)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*map(_cells, columns.values()), strict=True))
    return text.getvalue()


def _check_room(what: str, n_bytes: int, fix: str = _LESS) -> None:
    most = allowed() // _PART
    if n_bytes > most:
        raise MissingError(
            "memory",
            because=f"{what} take {byte_size(n_bytes)}, and text may take {byte_size(most)}",
            fix=f"{fix}, or allow more with CUTAWAY_MEMORY, in GB: text may take a quarter",
        )


def long_form(dataset: xr.Dataset) -> dict[Hashable, NDArray[Any]]:
    """The columns of a dataset in long form, as `to_csv` says, without "made_by"."""
    arrays = {**dataset.coords, **dataset.data_vars}
    lead = arrays[_lead(dataset)]
    shape = tuple(lead.sizes.values())
    places = dict(zip(lead.dims, np.indices(shape), strict=True))
    columns = {axis: _axis(dataset, axis)[at.ravel()] for axis, at in places.items()}
    for name, array in arrays.items():
        if set(array.dims) <= set(lead.dims) and (name not in lead.dims or array.ndim > 1):
            cells = array.values[tuple(places[axis] for axis in array.dims)]
            columns["value" if name in lead.dims else name] = np.broadcast_to(cells, shape).ravel()
    return columns


def long_rows(dataset: xr.Dataset) -> int:
    """How many rows the long form of a dataset has."""
    return int({**dataset.coords, **dataset.data_vars}[_lead(dataset)].size)


def _lead(dataset: xr.Dataset) -> Hashable:
    """The variable whose cells are the rows of the long form."""
    widest = max(dataset.data_vars, key=lambda name: len(dataset[name].dims))
    lead: Hashable = dataset.attrs.get("table", widest)
    return lead


def _cells(column: NDArray[Any]) -> list[Any]:
    """A column as it is written: floats with the digits of their precision, NaN as nothing."""
    if column.dtype.kind != "f":
        return list(column.tolist())
    return ["" if np.isnan(value) else str(value) for value in column]


def _axis(dataset: xr.Dataset, axis: Hashable) -> NDArray[Any]:
    """The coordinate of an axis: its own numbers or names, else 0, 1, 2, ..."""
    found = dataset.coords.get(axis)
    if found is None or found.ndim != 1:
        return np.arange(dataset.sizes[axis])
    return np.asarray(found.values)


def to_netcdf(dataset: xr.Dataset) -> bytes:
    """A dataset as a netCDF 4 file.

    Texts of which one holds a NUL are written as JSON, and the attribute "texts" says so. Raises
    MissingError where there is no room.
    """
    # The file is made in a folder, and read back whole.
    check_room("the numbers as .nc", 2 * dataset.nbytes, "ask for fewer layers or positions")
    # netCDF has neither half precision nor booleans.
    plain = dataset.map(_storable, keep_attrs=True).assign_coords(
        {name: _storable(array).variable for name, array in dataset.coords.items()}
    )
    with scratch() as folder:
        path = folder / "data.nc"
        try:
            plain.to_netcdf(path, engine="netcdf4")
            return path.read_bytes()
        except (OSError, RuntimeError) as problem:
            if isinstance(problem, RuntimeError) and "NetCDF" not in str(problem):
                raise  # of what is computed while it is written
            raise FileError(
                path, f"can't be written: {problem}", fix="set TMPDIR to a folder with room"
            ) from problem


def _storable(array: xr.DataArray) -> xr.DataArray:
    if array.dtype == object and any("\0" in str(text) for text in array.values.flat):
        # A text would be cut at its NUL.
        written = [json.dumps(str(text), ensure_ascii=False) for text in array.values.flat]
        held = array.copy(data=np.array(written, dtype=object).reshape(array.shape))
        return held.assign_attrs(texts="each is written as JSON, for one holds a NUL")
    if array.dtype == np.float16:
        return array.astype(np.float32)
    return array.astype(np.int8) if array.dtype == bool else array


def _array(array: xr.DataArray) -> dict[str, Any]:
    values = array.values
    listed = values.tolist()
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        listed = _finite(listed)
    return {
        "dims": list(array.dims), "dtype": values.dtype.name, "attrs": dict(array.attrs),
        "values": listed,
    }  # fmt: skip


def _finite(values: Any) -> Any:
    """Nested lists of numbers with those that JSON has not as null or as their name."""
    if isinstance(values, list):
        return [_finite(value) for value in values]
    if math.isnan(values):
        return None
    return values if math.isfinite(values) else str(values)


def _attribute(value: Any) -> Any:
    """An attribute's value; lens.dataset.finish writes those with a structure as JSON text."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        return json.loads(value)
    return value.item() if isinstance(value, np.generic) else value


def _html(view: View) -> bytes:
    from ..render.page import page

    return page(view.spec).encode()


def _figure(fmt: str) -> Callable[[View], bytes]:
    def draw(view: View) -> bytes:
        from ..render.figure import figure

        return figure(view.spec, fmt)

    return draw


#: Suffix -> the file's bytes.
_MAKERS: Mapping[str, Callable[[View], bytes]] = {
    ".html": _html,
    ".svg": _figure("svg"),
    ".png": _figure("png"),
    # A lone surrogate becomes \\udXXX: in JSON that is the way to write it.
    ".json": lambda view: view.json().encode("utf-8", "backslashreplace"),
    ".csv": lambda view: to_csv(view._file_data).encode("utf-8", "backslashreplace"),
    ".nc": lambda view: to_netcdf(view._file_data),
}
SUFFIXES = tuple(_MAKERS)
#: Suffix -> the package that writes it, and the extra that brings it.
_PACKAGES = {
    ".svg": ("matplotlib", "plot"), ".png": ("matplotlib", "plot"), ".nc": ("netCDF4", "netcdf"),
}  # fmt: skip

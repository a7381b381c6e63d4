"""A view as a file: pages and drawings from its Spec, numbers from its dataset."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Hashable, Mapping
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InvalidError, MissingError
from ..core.files import write_whole

if TYPE_CHECKING:
    import xarray as xr

    from .view import View

__all__ = ["SUFFIXES", "export", "to_csv", "to_json", "to_netcdf"]


def export(view: View, path: Path) -> Path:
    """Write a view in the format of the path's suffix; whole or not at all."""
    try:
        make = _MAKERS[path.suffix.lower()]
    except KeyError:
        raise InvalidError(
            "suffix", path.suffix, allowed=", ".join(SUFFIXES), fix=f"rename {path.name!r}"
        ) from None
    return write_whole(path, make(view))


def to_json(dataset: xr.Dataset) -> str:
    """A dataset as JSON text: attributes, coordinates and variables with their axes.

    NaN is null; attributes that are JSON text are written as the values they hold.
    """
    whole = {
        "attrs": {name: _attribute(value) for name, value in dataset.attrs.items()},
        "coords": {str(name): _array(array) for name, array in dataset.coords.items()},
        "data": {str(name): _array(array) for name, array in dataset.data_vars.items()},
    }
    return json.dumps(whole, ensure_ascii=False, allow_nan=False) + "\n"


def to_csv(dataset: xr.Dataset) -> str:
    """A dataset in long form: a row for each cell, first its axes, then its variables.

    The cells are those of the variable with the most axes, or of the one that attrs["table"]
    names; variables with fewer axes are repeated, others are left out. A variable that has the
    name of its axis is the column "value".
    """
    import pandas as pd

    arrays = {**dataset.coords, **dataset.data_vars}
    widest = max(dataset.data_vars, key=lambda name: len(dataset[name].dims))
    lead = arrays[dataset.attrs.get("table", widest)]
    shape = tuple(lead.sizes.values())
    places = dict(zip(lead.dims, np.indices(shape), strict=True))
    columns = {axis: _axis(dataset, axis)[at.ravel()] for axis, at in places.items()}
    for name, array in arrays.items():
        if set(array.dims) <= set(lead.dims) and (name not in lead.dims or array.ndim > 1):
            cells = array.values[tuple(places[axis] for axis in array.dims)]
            columns["value" if name in lead.dims else name] = np.broadcast_to(cells, shape).ravel()
    return str(pd.DataFrame(columns).to_csv(index=False, lineterminator="\n"))


def _axis(dataset: xr.Dataset, axis: Hashable) -> NDArray[Any]:
    """The coordinate of an axis: its own numbers or names, else 0, 1, 2, ..."""
    found = dataset.coords.get(axis)
    if found is None or found.ndim != 1:
        return np.arange(dataset.sizes[axis])
    return np.asarray(found.values)


def to_netcdf(dataset: xr.Dataset) -> bytes:
    """A dataset as a netCDF 4 file.

    Raises MissingError where the package netCDF4 is not installed.
    """
    if find_spec("netCDF4") is None:
        raise MissingError(
            "netCDF4", because="it writes .nc files", fix="pip install 'cutaway[netcdf]'"
        )
    # netCDF has neither half precision nor booleans.
    plain = dataset.map(_storable, keep_attrs=True).assign_coords(
        {name: _storable(array) for name, array in dataset.coords.items()}
    )
    with TemporaryDirectory() as folder:
        path = Path(folder) / "data.nc"
        plain.to_netcdf(path, engine="netcdf4")
        return path.read_bytes()


def _storable(array: xr.DataArray) -> xr.DataArray:
    if array.dtype == np.float16:
        return array.astype(np.float32)
    return array.astype(np.int8) if array.dtype == bool else array


def _array(array: xr.DataArray) -> dict[str, Any]:
    values = array.values
    listed = values.tolist()
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        listed = _without_nan(listed)
    return {"dims": list(array.dims), "attrs": dict(array.attrs), "values": listed}


def _without_nan(values: Any) -> Any:
    if isinstance(values, list):
        return [_without_nan(value) for value in values]
    return values if math.isfinite(values) else None


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
    ".json": lambda view: to_json(view.data).encode(),
    ".csv": lambda view: to_csv(view.data).encode("utf-8", "replace"),
    ".nc": lambda view: to_netcdf(view.data),
}
SUFFIXES = tuple(_MAKERS)

"""A view as a file: pages and drawings from its Spec, numbers from its dataset."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

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

    Variables of fewer axes than the widest are repeated along the others.
    """
    widest = max(dataset.data_vars.values(), key=lambda array: len(array.dims)).dims
    fitting = [n for n, array in dataset.data_vars.items() if set(array.dims) <= set(widest)]
    frame = dataset[fitting].to_dataframe(dim_order=list(widest)).reset_index()
    return str(frame.to_csv(index=False, lineterminator="\n"))


def to_netcdf(dataset: xr.Dataset) -> bytes:
    """A dataset as a netCDF 4 file.

    Raises MissingError where the package netCDF4 is not installed.
    """
    try:
        import netCDF4  # noqa: F401 - xarray finds it by its name
    except ImportError:
        raise MissingError(
            "netCDF4", because="it writes .nc files", fix="pip install 'cutaway[netcdf]'"
        ) from None
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

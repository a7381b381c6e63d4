"""Packages that an extra brings: known to be there before any work is done."""

from __future__ import annotations

from importlib.util import find_spec

from .errors import MissingError

__all__ = ["check_installed"]


def check_installed(package: str, *, because: str, extra: str) -> None:
    """Raise MissingError where a package is not installed, with the extra that brings it.

    >>> check_installed("netcdf_5", because="it writes .nc files", extra="netcdf")
    Traceback (most recent call last):
    ...
    cutaway.core.errors.MissingError: missing netcdf_5: it writes .nc files; pip install ...
    """
    if find_spec(package) is None:
        raise MissingError(package, because=because, fix=f"pip install 'cutaway[{extra}]'")

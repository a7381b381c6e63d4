"""Where a model runs and with what numbers: reading `device=`, `device_map=` and `dtype=`."""

from __future__ import annotations

import torch

from ..core.choices import read_choice
from ..core.errors import InvalidError, MissingError
from ..core.extras import check_installed

__all__ = ["check_device_map", "read_device", "read_dtype"]

#: How accelerate may be told to spread a model.
_SPREADS = ("auto", "balanced", "balanced_low_0", "sequential")
_DTYPES = ("float32", "bfloat16", "float16", "float64")


def read_device(device: str | torch.device | None) -> torch.device | None:
    """A device that is here; None is left to transformers (the CPU).

    Raises InvalidError for what is no device, MissingError for one that this machine lacks.
    """
    if device is None:
        return None
    try:
        read = torch.device(device)
    except (OverflowError, RuntimeError, TypeError, ValueError) as error:
        raise InvalidError("device", device, allowed="'cpu', 'cuda', 'cuda:1', 'mps'") from error
    here = {"cpu": 1, "cuda": torch.cuda.device_count(), "mps": int(torch.mps.is_available())}
    if (read.index or 0) >= here.get(read.type, 1):
        raise MissingError(
            f"the device {str(read)!r}", because="torch does not see it on this machine",
            fix="load with device='cpu'",
        )  # fmt: skip
    return read


def check_device_map(device_map: object) -> None:
    """Raise InvalidError for a text that names no device map, MissingError without accelerate."""
    if device_map is None:
        return
    check_installed("accelerate", because="it spreads a model over devices", extra="accelerate")
    if isinstance(device_map, str) and device_map not in _SPREADS:
        try:
            torch.device(device_map)
        except (RuntimeError, ValueError) as error:
            known = ", ".join(map(repr, _SPREADS))
            raise InvalidError(
                "device_map", device_map, allowed=f"{known}, a device, or a mapping"
            ) from error


def read_dtype(dtype: str | torch.dtype | None) -> torch.dtype | str:
    """A floating-point type; None is the one that the weights are stored in.

    >>> read_dtype("bfloat16"), read_dtype(None)
    (torch.bfloat16, 'auto')
    """
    if dtype is None:
        return "auto"
    if isinstance(dtype, torch.dtype) and dtype.is_floating_point:
        return dtype
    read_choice("dtype", dtype, _DTYPES)
    read: torch.dtype = getattr(torch, str(dtype))
    return read

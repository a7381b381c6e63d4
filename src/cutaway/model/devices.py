"""Where a model runs and with what numbers: reading `device=` and `dtype=`."""

from __future__ import annotations

import torch

from ..core.choices import read_choice
from ..core.errors import InvalidError, MissingError

__all__ = ["read_device", "read_dtype"]

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

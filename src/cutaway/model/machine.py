"""What this machine offers to run a model on."""

from __future__ import annotations

import torch

__all__ = ["devices"]


def devices() -> tuple[str, ...]:
    """The devices torch sees, with their names.

    >>> devices()[0].startswith("cpu")
    True
    """
    found = [f"cpu ({torch.get_num_threads()} threads)"]
    for number in range(torch.cuda.device_count()):
        found.append(f"cuda:{number} ({torch.cuda.get_device_name(number)})")
    if torch.mps.is_available():
        found.append("mps")
    return tuple(found)

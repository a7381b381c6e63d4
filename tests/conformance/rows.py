"""Which rows of a block's tensors are the text's, in the families that hold others with them."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["text_rows"]

#: Families that read so many rows before the text, and those that pad it behind.
_PREFIXED = {"cpmant": 32}
_PADDED = ("longformer",)
#: Families whose blocks have so many streams one after the other.
_STREAMS = {"prophetnet": 3}
#: Families whose tensors are turned: (1, n, rows).
_TURNED = ("squeezebert",)


def text_rows(family: str, tensor: Tensor, n: int) -> Tensor:
    """(n, width) of a tensor inside a block that read a text of n tokens."""
    name = family.split()[-1]
    if name in _TURNED:
        return tensor[0].T
    rows = tensor.reshape(-1, tensor.shape[-1])
    if name in _PREFIXED:
        return rows[_PREFIXED[name] :]
    if name in _PADDED:
        return rows[:n]
    if len(rows) > n and name in _STREAMS:
        return torch.cat([rows[n * k : n * k + n] for k in range(_STREAMS[name])], dim=1)
    return rows

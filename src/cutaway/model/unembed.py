"""The unembedding of one model: states in, float32 logits out, into one buffer that is reused."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..core.errors import MissingError
from .structure import Anatomy

__all__ = ["Unembedding", "wide"]

#: Logits held at once. 128 MiB are 682 rows of 49,152. Measured on SmolLM2 at 256 tokens, as a
#: multiple of the products' own time: 32 MiB 1.7, 64 MiB 1.5, 128 MiB 1.4, 160 MiB 1.4.
BUFFER_BYTES = 128 * 2**20
Matrix = tuple[Tensor, Tensor | None]
#: Rows whose scale or soft-cap is applied at once: it makes copies of them.
_SLICE = 64


class Unembedding:
    """A model's own final norm and unembedding, run where its weights are.

    vocab      V, the number of logits
    rows       how many rows the buffer holds
    refinable  whether single logits can be had in float64: a plain float32 product, not on MPS
    """

    def __init__(self, model: torch.nn.Module, anatomy: Anatomy) -> None:
        self._tail = anatomy.tail
        self._matrix = _present(anatomy.tail.matrix())
        self.vocab = anatomy.vocab
        place = _floating(model, anatomy) if self._matrix is None else self._matrix[0]
        self._device, self._dtype = place.device, place.dtype
        self.working = torch.float64 if self._dtype == torch.float64 else torch.float32
        plain = self._matrix is not None and self._dtype == torch.float32
        self.refinable = plain and self._device.type != "mps"
        self.rows = max(1, BUFFER_BYTES // (self.vocab * self.working.itemsize))
        self._buffer: Tensor | None = None

    def hidden(self, states: NDArray[np.floating]) -> Tensor:
        """(N, width) states of any layer -> (N, d) what enters the unembedding."""
        rows = torch.from_numpy(np.ascontiguousarray(states)).to(self._device, self._dtype)
        return self._tail.hidden(rows).to(self._device)

    def logits(self, hidden: Tensor) -> Tensor:
        """(N, d) -> (N, V) logits as the model computes them, valid until the next call."""
        if self._matrix is None:
            return self._tail.logits(hidden).to(self._device, self.working)
        weight, bias = self._matrix
        if weight.dtype != self.working:  # half precision: the model's own rounding, then float32
            product = torch.nn.functional.linear(hidden.to(weight.dtype), weight, bias)
            return self._tail.after(product).to(self.working)
        out = self._room(len(hidden))
        torch.mm(hidden.to(weight.dtype), weight.T, out=out)
        if bias is not None:
            out += bias
        for first in range(0, len(out), _SLICE):
            part = out[first : first + _SLICE]
            part.copy_(self._tail.after(part))  # nothing where the tail ends in the product
        return out

    def exact(self, hidden: Tensor, ids: Tensor) -> Tensor:
        """(B, N, d), (B, K) ids -> (B, N, K) the logits of those tokens, in float64."""
        if self._matrix is None:
            raise TypeError("single logits need an unembedding that is one plain product")
        weight, bias = self._matrix
        logits = hidden.double() @ weight[ids].double().mT
        if bias is not None:
            logits += bias[ids].double().unsqueeze(1)
        return self._tail.after(logits)

    def scratch(self, *shape: int) -> Tensor:
        """Uninitialised room of a shape, where the logits are."""
        return torch.empty(shape, dtype=self.working, device=self._device)

    def _room(self, rows: int) -> Tensor:
        if self._buffer is None or len(self._buffer) < rows:
            self._buffer = self.scratch(rows, self.vocab)
        return self._buffer[:rows]


def wide(values: Tensor) -> Tensor:
    """The values in float64; as they are on MPS, which has none."""
    return values if values.device.type == "mps" else values.double()


def _present(matrix: Matrix | None) -> Matrix | None:
    """The matrix, but where it is offloaded: then only calling the module fetches it."""
    return None if matrix is None or matrix[0].is_meta else matrix


def _floating(model: torch.nn.Module, anatomy: Anatomy) -> Tensor:
    """A tensor with the device and the floating dtype that the unembedding works in."""
    module = model.get_submodule(anatomy.tail.unembedding)
    for part in (module, model):
        for tensor in part.parameters():
            if tensor.is_floating_point() and not tensor.is_meta:
                return tensor
    raise MissingError("the logits", because="this model has no floating-point weights")

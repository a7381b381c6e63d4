"""A view of heads: weights when they are touched, figures of every head, a picture of both."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..core.errors import UnknownError
from .view import View

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from ..view.spec import Spec

__all__ = ["HeadsView"]


class HeadsView(View, ABC):
    """Attention in the user's hands; its picture is made of one computation of the weights.

    A kind of it says how its figures are made, how it is drawn, and what the bytes of a head are.
    """

    _found: xr.Dataset | None = None

    @property
    def figures(self) -> xr.Dataset:
        """What each head does, by (layer, head)."""
        if self._found is None:
            self._found = self._measured(self.data)
        return self._found

    @property
    def filed(self) -> xr.Dataset:
        """Files of numbers hold the figures: the weights would be millions of rows."""
        return self.figures

    @property
    def held_bytes(self) -> int:
        """Its weights are not held, its figures are."""
        figures = 0 if self._found is None else self._found.nbytes
        return super().held_bytes - self.data["weight"].nbytes + figures

    @cached_property
    def spec(self) -> Spec:
        """The picture of a saved page: every head in small, weights up to a budget."""
        return self.pictured()

    @cached_property
    def shown(self) -> Spec:
        """The picture of a notebook: it has few heads at first, and asks for the rest."""
        return self.pictured(live=True)

    def pictured(self, budget: int | None = None, *, live: bool = False) -> Spec:
        """The picture with the heads that a budget of bytes has room for."""
        return self._drawn(*self._computed(), budget, live)

    def answer(self, question: Mapping[str, Any]) -> NDArray[Any]:
        """What the notebook's picture asks for: {"what": "head", "layer": 9, "head": 2}.

        Returns the head's weights in the encoding of the picture. Raises UnknownError for another
        question and for a head that is not there.
        """
        if question.get("what") != "head":
            raise UnknownError("question", question.get("what"), allowed=["head"])
        causal = bool(self.shown.header["causal"])
        return self._head(question["layer"], question["head"], causal)

    def _computed(self) -> tuple[xr.Dataset, xr.Dataset]:
        """The data, whose weights are held where there is room, and the figures made of them."""
        from ..lens.in_memory import in_memory

        data = in_memory(self.data)
        if self._found is None:
            self._found = self._measured(data)
        return data, self._found

    @abstractmethod
    def _measured(self, data: xr.Dataset) -> xr.Dataset:
        """What each head does, by (layer, head)."""

    @abstractmethod
    def _drawn(self, data: xr.Dataset, figures: xr.Dataset, budget: int | None, live: bool) -> Spec:
        """The picture with the heads that a budget of bytes has room for."""

    @abstractmethod
    def _head(self, layer: int, head: int, causal: bool) -> NDArray[Any]:
        """The weights of one head in the encoding of the picture."""

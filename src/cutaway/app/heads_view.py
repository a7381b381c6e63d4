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

    _figures: xr.Dataset | None = None

    @property
    def figures(self) -> xr.Dataset:
        """What each head does, by (layer, head)."""
        if self._figures is None:
            self._figures = self._measure(self.data)
        return self._figures

    @property
    def _file_data(self) -> xr.Dataset:
        """Files of numbers hold the figures: the weights would be millions of rows."""
        return self.figures

    @property
    def _held_bytes(self) -> int:
        """Its weights are not held, its figures are."""
        figures = 0 if self._figures is None else self._figures.nbytes
        return super()._held_bytes - self.data["weight"].nbytes + figures

    @cached_property
    def spec(self) -> Spec:
        """The picture of a saved page: every head in small, weights up to a budget."""
        return self._picture()

    @cached_property
    def _live_spec(self) -> Spec:
        """The picture of a notebook: it has few heads at first, and asks for the rest."""
        return self._picture(live=True)

    def _picture(self, budget: int | None = None, *, live: bool = False) -> Spec:
        """The picture with the heads that a budget of bytes has room for."""
        return self._draw(*self._data_and_figures(), budget, live)

    def answer(self, question: Mapping[str, Any]) -> NDArray[Any]:
        """What the notebook's picture asks for: {"what": "head", "layer": 9, "head": 2}.

        Returns the head's weights in the encoding of the picture. Raises UnknownError for another
        question and for a head that is not there.
        """
        if question.get("what") != "head":
            raise UnknownError("question", question.get("what"), allowed=["head"])
        causal = bool(self._live_spec.header["causal"])
        return self._head(question["layer"], question["head"], causal)

    def _data_and_figures(self) -> tuple[xr.Dataset, xr.Dataset]:
        """The data, whose weights are held where there is room, and the figures made of them."""
        from ..lens.in_memory import in_memory

        data = in_memory(self.data)
        if self._figures is None:
            self._figures = self._measure(data)
        return data, self._figures

    @abstractmethod
    def _measure(self, data: xr.Dataset) -> xr.Dataset:
        """What each head does, by (layer, head)."""

    @abstractmethod
    def _draw(self, data: xr.Dataset, figures: xr.Dataset, budget: int | None, live: bool) -> Spec:
        """The picture with the heads that a budget of bytes has room for."""

    @abstractmethod
    def _head(self, layer: int, head: int, causal: bool) -> NDArray[Any]:
        """The weights of one head in the encoding of the picture."""

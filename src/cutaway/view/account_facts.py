"""What an account is made of: the answers of a trace's lenses, and links to their sections."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from .header import attribute, is_masked

__all__ = ["Facts", "Line"]

#: A sentence: [style, text, link] runs. A link is null or {section, at, layer, head}.
Line = list[list[Any]]


@dataclass(frozen=True, eq=False)
class Facts:
    """What the lenses say of a trace, each a dataset; None says nothing.

    next_tokens          of lens.top_tokens: the likeliest, and how the one that came did
    by_layer             of logit_lens, or of predictions at the one position that is told of
    saliency             of saliency, with as many targets as were asked for
    strongest_attention  the head that looks most at one earlier token
    factors              of factors
    alignment            of an encoder-decoder's cross attention
    classes              of a classifier
    sections             the names of the sections there are: numbers are linked to these
    places               section -> the only position its picture shows
    """

    next_tokens: xr.Dataset
    by_layer: xr.Dataset | None = None
    saliency: xr.Dataset | None = None
    strongest_attention: xr.Dataset | None = None
    factors: xr.Dataset | None = None
    alignment: xr.Dataset | None = None
    classes: xr.Dataset | None = None
    sections: frozenset[str] = frozenset()
    places: dict[str, int] = field(default_factory=dict)

    @cached_property
    def masked(self) -> bool:
        """Whether the model says the token at a position itself."""
        return is_masked(self.next_tokens)

    @cached_property
    def mask_id(self) -> int:
        """The token that stands for one that is to be said."""
        return int(attribute(self.next_tokens, "model").get("mask_id", -1))

    @cached_property
    def loading(self) -> NDArray[np.float64]:
        """(factor,) the sum of each factor's loadings: what one unit of its activation makes."""
        assert self.factors is not None
        axes = [axis for axis in self.factors["loading"].dims if axis != "factor"]
        total: NDArray[np.float64] = self.factors["loading"].sum(axes, dtype=np.float64).values
        return total

    def input_label(self, at: int) -> str:
        """What is printed for the token at a position."""
        return str(self.next_tokens["input"].values[at])

    def link(
        self, section: str, at: int, *, layer: int | None = None, head: int | None = None
    ) -> dict[str, Any] | None:
        """Where a number comes from, None where that section is not there."""
        if section not in self.sections:
            return None
        return {"section": section, "at": at, "layer": layer, "head": head}

"""The verb of comparison, and its view."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..core.errors import UnknownError
from .view import View

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr
    from numpy.typing import NDArray

    from ..trace.trace import Trace
    from ..view.spec import Spec

__all__ = ["CompareView", "compare"]

#: Weights of fewer bytes are held while a picture is made, so that they are computed once.
_HELD = 64_000_000


class CompareView(View):
    """The attention of two traces: weights when they are touched, heads by how much they differ."""

    @cached_property
    def figures(self) -> xr.Dataset:
        """How much each head differs: variation and largest (layer, head).

        >>> found = ct.compare(a, b, lens="attention").figures["variation"]  # doctest: +SKIP
        >>> {axis: int(i) for axis, i in found.argmax(...).items()}  # doctest: +SKIP
        {'layer': 9, 'head': 3}
        """
        from ..lens.compare_attention import head_differences

        return head_differences(self._weights)

    @property
    def filed(self) -> xr.Dataset:
        """Files of numbers hold the figures: the weights would be millions of rows."""
        return self.figures

    @cached_property
    def spec(self) -> Spec:
        """The picture of a saved page: every head's difference, weights up to a budget."""
        return self._spec(live=False)

    @cached_property
    def shown(self) -> Spec:
        """The picture of a notebook: it has few heads at first, and asks for the rest."""
        return self._spec(live=True)

    def _spec(self, live: bool) -> Spec:
        from ..view.compare_attention import compare_attention_spec

        return compare_attention_spec(self._weights.assign(self.figures.data_vars), live=live)

    def answer(self, question: Mapping[str, Any]) -> NDArray[np.uint16]:
        """What the notebook's picture asks for: {"what": "head", "layer": 9, "head": 2}.

        Returns the head's weights in both runs in the encoding of the picture. Raises UnknownError
        for another question and for a head that is not there.
        """
        from ..view.compare_packing import pair_head

        if question.get("what") != "head":
            raise UnknownError("question", question.get("what"), allowed=["head"])
        causal = bool(self.shown.header["causal"])
        return pair_head(self._weights, question["layer"], question["head"], causal)

    @cached_property
    def _weights(self) -> xr.Dataset:
        """The dataset, its weights computed where they are not too many."""
        return self.data.compute() if self.data["weight"].nbytes <= _HELD else self.data


def compare(
    a: Trace,
    b: Trace,
    *,
    lens: str = "logit_lens",
    names: tuple[str, str] = ("a", "b"),
    **options: Any,
) -> View:
    """Two traces under one lens, token beside token: both answers and their difference.

    >>> import cutaway as ct
    >>> lm = ct.load()  # doctest: +SKIP
    >>> she, he = lm.trace(["The doctor asked the nurse a question. " + w for w in ("She", "He")])
    ... # doctest: +SKIP
    >>> view = ct.compare(she, he, lens="attention", names=("she", "he"))  # doctest: +SKIP
    >>> weight = view.data["weight"].sel(layer=9, head=3, query=8, key=4)  # doctest: +SKIP
    >>> weight.sel(run="difference").item()  # doctest: +SKIP
    0.4027

    a, b     two prompts on one model, or one prompt on two models or checkpoints
    lens     "logit_lens", "predictions", "watch", "saliency", "neurons", "factors", "clusters" or
             "attention"
    names    what the two are called on the axis `run`
    options  of the lens, the same for both

    Its data hold the variables of the lens with `run` as their first axis: the two names and
    "difference", the second minus the first. Axes of tokens count slots: `position_a` and
    `position_b` say which position of each trace stands there, -1 where it has no token, and the
    numbers are NaN there. The logit lens also has same_top and state_distance (layer, position)
    and parted (position), the first layer at which the top tokens differ. Attention is computed
    when touched, and has `.figures`: how much each head differs. Raises UnknownError for a lens
    that can't be compared, InvalidError for traces that can't be aligned.
    """
    from ..lens.compare import compare as ask

    found = ask(a, b, lens=lens, names=names, **options)
    return CompareView(found) if lens == "attention" else View(found)

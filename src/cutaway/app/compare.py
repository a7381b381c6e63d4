"""The verb of comparison, and its view."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .heads_view import HeadsView
from .view import View

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr
    from numpy.typing import NDArray

    from ..trace.trace import Trace
    from ..view.spec import Spec

__all__ = ["CompareView", "compare"]


class CompareView(HeadsView):
    """The attention of two traces: weights when they are touched, heads by how much they differ."""

    @property
    def figures(self) -> xr.Dataset:
        """How much each head differs: variation and largest (layer, head).

        >>> found = ct.compare(a, b, lens="attention").figures["variation"]  # doctest: +SKIP
        >>> {axis: int(i) for axis, i in found.argmax(...).items()}  # doctest: +SKIP
        {'layer': 9, 'head': 3}
        """
        return super().figures

    def _measure(self, data: xr.Dataset) -> xr.Dataset:
        from ..lens.compare_attention import head_differences

        return head_differences(data)

    def _draw(self, data: xr.Dataset, figures: xr.Dataset, budget: int | None, live: bool) -> Spec:
        from ..view.compare_attention import compare_attention_spec

        return compare_attention_spec(data.assign(figures.data_vars), budget=budget, live=live)

    def _head(self, layer: int, head: int, causal: bool) -> NDArray[np.uint16]:
        from ..view.compare_packing import pair_head

        return pair_head(self.data, layer, head, causal)


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
    >>> round(weight.sel(run="difference").item(), 2)  # doctest: +SKIP
    0.4

    a, b     two prompts on one model, or one prompt on two models or checkpoints
    lens     "logit_lens", "predictions", "watch", "saliency", "neurons", "factors", "clusters",
             "experts" or "attention"
    names    what the two are called on the axis `run`
    options  of the lens, the same for both

    Its data hold the variables of the lens with `run` as their first axis: the two names and
    "difference", the second minus the first. Axes of tokens count slots: `position_a` and
    `position_b` say which position of each trace stands there, -1 where it has no token, and the
    numbers are NaN there. The logit lens also has same_top and state_distance (layer, position)
    and diverged_at (position), the first layer at which the top tokens differ. Experts have shared
    (layer, position), how many both called, variation (layer, position), the share of the weight
    that goes to others, and rerouted (position), the share of layers without an expert in common;
    weight (run, layer, position, expert) is 0 where an expert was not called. Attention is computed
    when touched, and has `.figures`: how much each head differs; kind="cross" compares what the
    targets of two encoder-decoders look at in their sources. Raises UnknownError for a lens
    that can't be compared, InvalidError for traces that can't be aligned.
    """
    from ..lens.compare import compare as ask

    found = ask(a, b, lens=lens, names=names, **options)
    return CompareView(found) if lens == "attention" else View(found)

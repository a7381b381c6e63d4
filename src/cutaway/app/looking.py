"""The verb of attention, and its view, which computes its figures when its picture is wanted."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from .view import View

if TYPE_CHECKING:
    import xarray as xr

    from ..trace.trace import Trace
    from ..view.spec import Spec

__all__ = ["AttentionView", "attention"]


class AttentionView(View):
    """Attention in the user's hands: weights when they are touched, figures of every head."""

    def __init__(self, dataset: xr.Dataset, trace: Trace, tokens: str | Sequence[str]) -> None:
        super().__init__(dataset)
        self._trace, self._tokens = trace, tokens

    @cached_property
    def figures(self) -> xr.Dataset:
        """What each head does, by (layer, head): NaN where a text has nothing to show it by.

        >>> found = ct.attention(trace).figures["previous"]  # doctest: +SKIP
        >>> {axis: int(i) for axis, i in found.argmax(...).items()}  # doctest: +SKIP
        {'layer': 3, 'head': 5}
        """
        from ..lens.heads import head_figures

        return head_figures(
            self._trace, layers=self.data["layer"].values.tolist(),
            heads=self.data["head"].values.tolist(), tokens=self._tokens,
        )  # fmt: skip

    @property
    def filed(self) -> xr.Dataset:
        """Files of numbers hold the figures: the weights would be millions of rows."""
        return self.figures

    @cached_property
    def spec(self) -> Spec:
        """The picture: every head's thumbnail and figures, weights up to a budget."""
        from ..lens.heads import with_figures
        from ..view.attention import attention_spec

        return attention_spec(with_figures(self.data, self.figures))


def attention(
    trace: Trace,
    *,
    layers: int | Sequence[int] | None = None,
    heads: int | Sequence[int] | None = None,
    kind: str = "self",
    tokens: str | Sequence[str] = "special",
) -> AttentionView:
    """Where it looked: the attention weights of every head, computed when they are touched.

    >>> import cutaway as ct
    >>> trace = ct.load().trace("The capital of France is")  # doctest: +SKIP
    >>> view = ct.attention(trace)  # doctest: +SKIP
    >>> view.data["weight"].sel(layer=9, head=2).shape  # doctest: +SKIP
    (5, 5)

    layers  blocks, None for all that have attention
    heads   numbers within a block, None for all
    kind    "self"
    tokens  the set that the figure "chosen" counts: "special", "punctuation", a list of texts, or
            a pattern "re:..."

    Its data hold weight (layer, head, query, key), each row summing to 1 unless the model has
    sinks, and group (head), the key-value group. `.figures` holds entropy, distance, mass on the
    first, previous and same token, induction and others by (layer, head); files of numbers
    (.csv, .json, .nc) hold these, not the weights. Raises MissingError for a model or a layer
    without attention, for one whose weights could not be proven, and, when weights are touched,
    for a saved trace without its model.
    """
    from ..lens.attention import attention as ask
    from ..lens.heads import read_token_set

    read_token_set(trace, tokens)  # a set that does not exist is refused now, not in the picture
    return AttentionView(ask(trace, layers=layers, heads=heads, kind=kind), trace, tokens)

"""The verb of attention, and its view, which computes its figures when its picture is wanted."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, get_args

from ..core.choices import read_choice
from ..core.errors import InvalidError
from .heads_view import HeadsView
from .view import View

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr
    from numpy.typing import NDArray

    from ..trace.trace import Trace
    from ..view.spec import Spec

__all__ = ["AttentionView", "attention"]

Carry = Literal["weights", "queries"]


class AttentionView(HeadsView):
    """Attention in the user's hands: weights when they are touched, figures of every head."""

    def __init__(
        self,
        dataset: xr.Dataset,
        trace: Trace,
        tokens: str | Sequence[str],
        carry: Carry = "weights",
    ) -> None:
        super().__init__(dataset)
        self._trace, self._tokens, self._carry = trace, tokens, carry

    @property
    def figures(self) -> xr.Dataset:
        """What each head does, by (layer, head): NaN where a text has nothing to show it by.

        >>> found = ct.attention(trace).figures["previous"]  # doctest: +SKIP
        >>> {axis: int(i) for axis, i in found.argmax(...).items()}  # doctest: +SKIP
        {'layer': 3, 'head': 5}

        They are of the plain weights, whatever the weighting. Of an aggregate they are those of
        its rows, by (layer).
        """
        return super().figures

    @cached_property
    def spec(self) -> Spec:
        """The picture of a saved page: thumbnails and figures, weights up to a budget."""
        if self._carry == "weights":
            return self._picture()
        from ..lens.float16_queries import float16_queries
        from ..lens.heads import with_figures
        from ..view.attention_queries import queries_spec

        numbers = (self.data[axis].values.tolist() for axis in ("layer", "head"))
        whole = with_figures(*self._data_and_figures())
        return queries_spec(whole, float16_queries(self._trace, *numbers))

    def _measure(self, data: xr.Dataset) -> xr.Dataset:
        from ..lens.heads import head_figures, row_figures

        if data.attrs.get("kind") == "cross":
            from ..lens.cross_figures import cross_figures

            return cross_figures(self._trace, data, tokens=self._tokens)
        if "head" not in data.dims:
            return row_figures(self._trace, data, tokens=self._tokens)
        computed = data is not self.data and data["weight"].attrs["units"] == "1"
        return head_figures(
            self._trace, layers=data["layer"].values.tolist(), heads=data["head"].values.tolist(),
            tokens=self._tokens, weights=data if computed else None,
        )  # fmt: skip

    def _draw(self, data: xr.Dataset, figures: xr.Dataset, budget: int | None, live: bool) -> Spec:
        from ..lens.heads import with_figures
        from ..view.attention import attention_spec

        return attention_spec(with_figures(data, figures), budget=budget, live=live)

    def _head(self, layer: int, head: int, causal: bool) -> NDArray[np.uint8]:
        from ..view.attention import attention_head

        return attention_head(self.data, layer, head, causal)

    def alignment(self, layer: int | None = None, head: int | None = None) -> View:
        """Of cross attention: which source tokens were looked at when each target was produced.

        >>> view = ct.attention(trace, kind="cross").alignment()  # doctest: +SKIP
        >>> view.data["best"].sel(layer=1).values  # doctest: +SKIP
        array([ 2,  3,  4,  5, ...])

        layer  one block; None: each of them, and the picture has a choice
        head   one head; None: the mean over the heads of a block

        Its data hold weight (layer, target, source), the row of the position before the target,
        which produced it; best (layer, target), the source position with the most of a row, back
        (layer, source) the target with the most of a column, -1 where there is none. Raises
        InvalidError for another kind of attention.
        """
        from ..lens.alignment import alignment_of_attention

        return View(alignment_of_attention(self.data, layer, head))

    def neuron(self, layer: int | None = None, head: int | None = None, at: int = -1) -> View:
        """One head at one token, number by number: query, keys, products, scores, weights, output.

        >>> view = ct.attention(trace).neuron(layer=16, head=0, at=-1)  # doctest: +SKIP
        >>> view.data["product"].dims, view.data["weight"].dims  # doctest: +SKIP
        (('key', 'neuron'), ('key',))

        layer, head  which head; what is not said is the head with the most induction, or, in a
                     text without repeats, with the most attention on the token before; of cross
                     attention the one that points most sharply
        at           the position that looks, negative from the end; the page shows every other

        Its data hold query_vector, output (neuron), key_vector, product, value_vector, weighted
        (key, neuron), dot, scaled, score, weight (key), and query_before, key_before where a
        rotary embedding could be proven. Raises MissingError where the queries and keys can't be
        had exactly.
        """
        from ..lens.attention_neuron import attention_neuron, leading_head

        if layer is None or head is None:
            each = "head" in self.data.dims
            layers = self.data["layer"].values.tolist() if layer is None else layer
            heads = self.data["head"].values.tolist() if each and head is None else head
            whole = each and layer is None and head is None
            layer, head = leading_head(self.figures if whole else self._some(layers, heads))
        kind = "cross" if self.data.attrs.get("kind") == "cross" else "self"
        return View(attention_neuron(self._trace, layer, head, at, kind))

    def _some(self, layers: Any, heads: Any) -> xr.Dataset:
        """The figures of some heads by themselves, whatever the view holds of them."""
        if self.data.attrs.get("kind") == "cross":
            from ..lens.attention import attention as ask
            from ..lens.cross_figures import cross_figures

            return cross_figures(
                self._trace, ask(self._trace, kind="cross", layers=layers, heads=heads)
            )
        from ..lens.heads import head_figures

        return head_figures(self._trace, layers=layers, heads=heads)


def attention(
    trace: Trace,
    *,
    layers: int | Sequence[int] | None = None,
    heads: int | Sequence[int] | None = None,
    kind: str = "self",
    weighting: Literal["weight", "value_norm", "output_norm"] = "weight",
    aggregate: Literal["mean", "max", "rollout"] | None = None,
    tokens: str | Sequence[str] = "special",
    split: int | None = None,
    opens: Literal["model", "heads"] = "model",
    carry: Carry = "weights",
) -> AttentionView:
    """Where it looked: the attention of every head, computed when it is touched.

    >>> import cutaway as ct
    >>> trace = ct.load().trace("The capital of France is")  # doctest: +SKIP
    >>> view = ct.attention(trace)  # doctest: +SKIP
    >>> view.data["weight"].sel(layer=9, head=2).shape  # doctest: +SKIP
    (5, 5)

    layers     blocks, None for all that have attention
    heads      numbers within a block, None for all
    kind       "self"; of an encoder-decoder also "decoder", which is that, "encoder", of the
               source on itself, and "cross", of the target on the source
    weighting  "weight"; "value_norm", the weight times the norm of the value read there;
               "output_norm", times the norm of what the head writes for it
    aggregate  the heads of a block as one: their "mean", their "max", or "rollout", which goes
               through all blocks from the first
    tokens     the set that the figure "chosen" counts: "special", "punctuation", a list of texts,
               or a pattern "re:..."
    split      the position where the second part of the text begins, for the picture's filter;
               by default that of the second of two texts, or the first produced token
    opens      the picture's first view: the grid of the "model", or the "heads" of a layer
    carry      what a saved page holds: "weights", in 8 bits and up to a budget, or "queries" (and
               keys) in 16 bits, from which it computes any head; smaller above some 700 tokens

    Its data hold weight (layer, head, query, key), with "weight" each row summing to 1 unless the
    model has sinks, and group (head), the key-value group; of an aggregate weight (layer, query,
    key). `.figures` holds entropy, distance, mass on the first, previous and same token, induction
    and others by (layer, head); files of numbers (.csv, .json, .nc) hold these, not the weights.
    Raises MissingError for a model or a layer without attention, for one whose weights could not
    be proven, and, when weights are touched, for a saved trace without its model or for an output
    projection that could not be proven. Sources: output_norm Kobayashi et al. 2020, arXiv
    2004.10102; rollout Abnar and Zuidema 2020, arXiv 2005.00928.
    """
    from ..lens.attention import attention as ask
    from ..lens.token_set import read_token_set

    read_choice("thing to carry", carry, get_args(Carry))
    if carry == "queries" and (aggregate or weighting != "weight" or kind == "cross"):
        words = "'weights', with norms, aggregates and cross attention"
        raise InvalidError("carry", carry, allowed=words)
    data = ask(
        trace, layers=layers, heads=heads, kind=kind, weighting=weighting, aggregate=aggregate,
        split=split, opens=opens,
    )  # fmt: skip
    # Of an encoder-decoder's texts the keys are of the source, but those of the decoder's own.
    looked = trace if kind in ("self", "decoder") or trace.encoder is None else trace.encoder
    read_token_set(looked, tokens)  # a set that does not exist is refused now, not in the picture
    own = trace.encoder if kind == "encoder" and trace.encoder is not None else trace
    return AttentionView(data, own, tokens, carry)

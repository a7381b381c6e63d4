"""The verb of saliency, and its view, which can be put to the test."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from .view import View

if TYPE_CHECKING:
    import xarray as xr

    from ..lens.saliency_plan import Plan
    from ..trace.trace import Trace

__all__ = ["SaliencyView", "saliency"]

#: Floating-point operations from which the cost is said beforehand: some seconds on one core.
_LONG = 3e11


class SaliencyView(View):
    """A saliency in the user's hands: a View that can be checked against the model."""

    def __init__(self, dataset: xr.Dataset, trace: Trace) -> None:
        super().__init__(dataset)
        self._trace = trace

    def check(
        self, target: int | None = None, *, seed: int = 0, replacement: str | int | None = None
    ) -> View:
        """Is it true? Take out the tokens it calls important and watch the probability fall.

        >>> check = ct.saliency(trace, targets=5).check()  # doctest: +SKIP
        >>> check.data["probability"].sel(run="saliency").values.round(3)  # doctest: +SKIP
        array([0.773, 0.002, 0.008, 0.   , 0.   , 0.   ], dtype=float32)

        target       one of the targets, by default the last
        seed         of the random orders and of the interval
        replacement  the token put in the place of one taken out; None: the model's mask where it
                     has one, else a space; of an encoder-decoder its tokenizer's mask, unknown
                     or padding token, the first there is

        Beside the explanation's curve: the order by occlusion, the mean of ten random orders with
        its 95 % interval, and a scorer that knows nothing. Equal scores are ranked against the
        scorer. Its data hold probability (run, k) after k tokens are gone, low, high (k),
        fall (run) the mean drop, advantage over random with its interval, place (source); of an
        encoder-decoder tokens of both texts go, source_place (source_position) are its source's.
        """
        from ..lens.deletion import deletion

        return View(
            deletion(self._trace, self.data, target=target, seed=seed, replacement=replacement)
        )

    def alignment(self) -> View:
        """Of an encoder-decoder: the source's part of every target, as an alignment matrix.

        >>> view = ct.saliency(trace).alignment()  # doctest: +SKIP
        >>> view.data["best"].values  # doctest: +SKIP
        array([2, 3, 4, 5, ...])

        Its data hold weight (target, source), the shares of the source's tokens; best (target), the
        source position with the most of a row, back (source) the target with the most of a column,
        -1 where there is none. Raises InvalidError for a trace of one text.
        """
        from ..lens.alignment import alignment_of_saliency

        return View(alignment_of_saliency(self.data))


def saliency(
    trace: Trace,
    *,
    method: str = "input_x_gradient",
    targets: int | slice | Iterable[int] | None = None,
    contrast: str | int | None = None,
    quantity: str | None = None,
    at_layer: int | str | None = None,
    label: str | int | None = None,
    **options: Any,
) -> SaliencyView:
    """What it read: the share of each earlier token in the tokens that were said.

    >>> import cutaway as ct
    >>> trace = ct.load().generate("The capital of France is", max_new_tokens=1)  # doctest: +SKIP
    >>> view = ct.saliency(trace)  # doctest: +SKIP
    >>> view.data["saliency"].sel(target=5).values.round(2)  # doctest: +SKIP
    array([0.34, 0.35, 0.1 , 0.13, 0.08,  nan], dtype=float32)

    method    "input_x_gradient" (the L2 norm of gradient x embedding), "gradient_norm",
              "integrated_gradients" (baseline="mean", "zero" or a token; keep_first=True;
              steps=96; spacing="adaptive" or "even"), "occlusion" (how="replace" or "delete";
              replacement=" "), or of Captum "shapley_value_sampling", "kernel_shap", "lime"
              (samples, seed, how, replacement)
    targets   positions 1..T of the tokens to explain, T for the one not yet said; by default the
              outputs, or all of a text that was only read
    contrast  a text of one token: why the one that was said *rather than* this one
    quantity  "logit", "log_probability" or "probability"; by default the logit for gradients, the
              log-probability for the others
    at_layer  explain by the states after that block ("in": before block 0), not by embeddings
    label     of a classifier: the label explained, by name or number, by default what it says; of
              one that finds answers "start" or "end", at the positions in targets or its own

    Its data hold saliency (target, source), shares that sum to 1; score, signed; value (target)
    what is explained; gap (target), by how much integrated gradients miss the whole. Entries at
    and after the target are NaN. `.check()` puts it to the test. A long computation says its cost
    beforehand on stderr. Raises InvalidError for targets outside 1..T, a contrast of several
    tokens, a layer that does not exist; UnknownError for a method or an option; MissingError for
    a saved trace without a model.
    Source: Alammar 2020, https://jalammar.github.io/explaining-transformers/
    """
    from ..lens.saliency import answer, ask
    from ..lens.saliency_plan import plan

    wanted = ask(trace, method, targets, contrast, quantity, at_layer, options, label)
    _announce(plan(trace.card, trace.n_positions, wanted, len(trace.source_ids)))
    return SaliencyView(answer(trace, wanted), trace)


def _announce(cost: Plan) -> None:
    if cost.flops >= _LONG:
        print(f"saliency of {cost}", file=sys.stderr, flush=True)

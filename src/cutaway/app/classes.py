"""The verb of classifiers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..trace.trace import Trace
    from .view import View

__all__ = ["classes"]


def classes(trace: Trace, *, k: int | None = None) -> View:
    """What a classifier would answer after each layer: of a text, of its tokens, or where.

    >>> import cutaway as ct
    >>> lm = ct.load("a/folder-with-a-classifier")  # doctest: +SKIP
    >>> view = ct.classes(lm.trace("What a film!"))  # doctest: +SKIP
    >>> view.data["probability"].sel(layer=11, label="POSITIVE").item()  # doctest: +SKIP
    0.9987

    k  of a model that finds answers: how many of the likeliest, by default 5

    The model itself is run with the blocks above a layer bypassed, so that the last layer is its
    own answer. Its data hold logit and probability: (layer, label) of a text, (layer, position,
    label) of its tokens; of a model that finds answers the labels are "start" and "end", the
    probabilities are over the positions, and there are span_start, span_end, span_probability,
    span_text (layer, k) and no_answer (layer). The probability is a softmax or, of labels that do
    not exclude each other, a sigmoid, as the model's configuration says; NaN where it says neither.
    Raises MissingError for a language model and for a saved trace without a model whose keep= had
    no "lens".
    """
    from ..lens.classes import classes as ask
    from .view import View

    return View(ask(trace, k=k))

"""The terms of a saliency in words: what is explained, how numbers become one, the baseline.

Tools differ silently in all of them, so every answer, page and file names its own.
"""

from __future__ import annotations

from ..core.axes import INPUT, INPUT_LAYER, layer_name
from ..trace.source import Attribution
from ..trace.trace import Trace
from .saliency_methods import METHODS

__all__ = ["terms"]


def terms(trace: Trace, wanted: Attribution) -> dict[str, str]:
    """What every view must name: the target, the aggregation, the normalisation, the baseline."""
    words = wanted.quantity.replace("_", "-")
    contrast = "" if wanted.contrast is None else ", less that of " + _contrast(trace, wanted)
    leaf = "the token embedding's output" if wanted.at_layer is None else _state(wanted.at_layer)
    if trace.source_ids:
        leaf = _both(trace, leaf, wanted)
    return {
        "explains": f"the {words} of {_target(trace, wanted)}{contrast}",
        "method_words": METHODS[wanted.method].words,
        "leaf": leaf if METHODS[wanted.method].inner else "whole tokens",
        "aggregation": METHODS[wanted.method].aggregation,
        "normalisation": "absolute scores divided by their sum over the sources" + _of_both(trace),
        "baseline": _baseline(trace, wanted),
    }


def _both(trace: Trace, leaf: str, wanted: Attribution) -> str:
    """The leaf of an encoder-decoder's target, and that of its source."""
    assert trace.encoder is not None
    if wanted.at_layer is not None:
        return f"{leaf}; of the source the encoder's last states"
    if trace.encoder.is_sound:
        first = "the first of the encoder's modules that gives a row for each frame"
        return f"{leaf}; of the sound that of {first}"
    return leaf.replace("'s output", "'s output, of encoder and decoder")


def _of_both(trace: Trace) -> str:
    if trace.encoder is None:
        return ""
    return " of sound and text" if trace.encoder.is_sound else " of both texts"


def _target(trace: Trace, wanted: Attribution) -> str:
    if trace.card.task == "sequence":
        return f"the label {wanted.names[0]}"
    if trace.card.task == "span":
        return f"the {wanted.names[0]} at the target token"
    return "the target token's label" if trace.card.task else "the target token"


def _contrast(trace: Trace, wanted: Attribution) -> str:
    """What is subtracted: a token, a label, a place."""
    assert wanted.contrast is not None
    other = wanted.contrast[0]
    if not trace.card.task:
        return _label(trace, other)
    return f"position {other}" if trace.card.task == "span" else trace.card.labels[other]


def _state(layer: int) -> str:
    if layer == INPUT_LAYER:
        return f"the state before block 0 ({INPUT})"
    return f"the state after block {layer_name(layer)}"


def _baseline(trace: Trace, wanted: Attribution) -> str:
    """What a source is compared with, in words."""
    options = wanted.options
    if options.get("how") == "delete":
        return "the text without the token"
    if "replacement" in options:
        return f"the text with {_label(trace, options['replacement'])} in its place"
    if "baseline" not in options:
        return "none: a gradient at the text itself"
    kept = ", the first token kept" if options["keep_first"] else ""
    if isinstance(options["baseline"], str):
        return {"zero": "the zero vector", "mean": "the mean embedding"}[options["baseline"]] + kept
    return f"a text that says only {_label(trace, options['baseline'])}{kept}"


def _label(trace: Trace, token_id: int) -> str:
    return trace.source.pieces([token_id])[0].label

"""The saliency methods by name: what each differentiates or takes out, and its options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..core.axes import read_seed, read_whole
from ..core.choices import read_choice
from ..core.errors import UnknownError
from ..trace.trace import Trace

__all__ = [
    "METHODS",
    "QUANTITIES",
    "Method",
    "blank",
    "first_target",
    "read_method",
    "read_options",
    "read_token",
]

#: What can be explained, with its unit.
QUANTITIES = {"logit": "logit", "log_probability": "nats", "probability": "1"}


@dataclass(frozen=True)
class Method:
    """One method.

    words        what a source's score is
    quantity     what it explains where nothing else is asked for
    aggregation  how the numbers of a source become one
    inner        whether it can be asked of an inner layer's states
    options      name -> default
    """

    words: str
    quantity: str
    aggregation: str
    inner: bool
    options: Mapping[str, Any] = field(default_factory=dict)


_NORM = "L2 norm over the numbers of a source"
_SUM = "signed sum over the numbers of a source"
_HOW = ("replace", "delete")
_TAKEN_OUT = {"how": "replace", "replacement": " "}
#: Option -> the fewest and the most: Gauss-Legendre nodes are the eigenvalues of a square of steps.
_RANGES = {"steps": (6, 2_000), "samples": (1, 100_000)}
_SAMPLED = {"samples": 25, "seed": 0, **_TAKEN_OUT}

METHODS: Mapping[str, Method] = {
    "input_x_gradient": Method("gradient x input", "logit", _NORM, True),
    "gradient_norm": Method("gradient", "logit", _NORM, True),
    "integrated_gradients": Method(
        "gradient along a line from the baseline x (input - baseline)", "log_probability", _SUM,
        True, {"baseline": "mean", "keep_first": True, "steps": 96, "spacing": "adaptive"},
    ),
    "occlusion": Method(
        "what is lost without the source", "log_probability", "none: one number a source", False,
        _TAKEN_OUT,
    ),
    "shapley_value_sampling": Method(
        "mean loss over random orders of taking sources out", "log_probability",
        "none: one number a source", False, _SAMPLED,
    ),
    "kernel_shap": Method(
        "weight of the source in a linear model of random removals (Shapley kernel)",
        "log_probability", "none: one number a source", False, {**_SAMPLED, "samples": 200},
    ),
    "lime": Method(
        "weight of the source in a sparse linear model of random removals", "log_probability",
        "none: one number a source", False, {**_SAMPLED, "samples": 200},
    ),
}  # fmt: skip


def read_method(name: str) -> Method:
    """The method of that name; UnknownError says which there are."""
    read_choice("method", name, METHODS)
    return METHODS[name]


def read_options(trace: Trace, name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Every option of a method, given or by default, with tokens as ids."""
    defaults = read_method(name).options
    for option in given:
        if option not in defaults:
            raise UnknownError(f"option of {name}", option, allowed=defaults)
    options = {**defaults, **given}
    if "how" in options:
        _one_of("how", options["how"], _HOW)
    if "replacement" in defaults and "replacement" not in given and options["how"] == "replace":
        options["replacement"] = blank(trace)
    return {option: _read(trace, option, value, options) for option, value in options.items()}


def _read(trace: Trace, option: str, value: Any, options: Mapping[str, Any]) -> Any:
    if option in _RANGES:
        return read_whole(option, value, *_RANGES[option])
    if option == "seed":
        return read_seed(value)
    if option == "keep_first":
        return _one_of(option, value, (True, False))
    if option == "how":
        return _one_of(option, value, _HOW)
    if option == "spacing":
        return _one_of(option, value, ("adaptive", "even"))
    if option == "baseline":
        named = isinstance(value, str) and value in ("zero", "mean")
        return value if named else read_token(trace, option, value)
    return None if options["how"] == "delete" else read_token(trace, option, value)


def first_target(trace: Trace, options: Mapping[str, Any]) -> int:
    """The earliest target a method can explain: 2 where it leaves nothing of the first token."""
    kept = options.get("keep_first") and trace.encoder is None  # else it has its source
    return 2 if kept or options.get("how") == "delete" else 1


def blank(trace: Trace) -> str | int:
    """What stands for a token taken out where nothing else is asked for.

    The mask of a masked model; of an encoder-decoder its tokenizer's mask, unknown token or
    padding, the first there is; else a space.
    """
    if trace.card.mask_id >= 0:
        return trace.card.mask_id
    return " " if trace.encoder is None else trace.source.blank_id()


def read_token(trace: Trace, what: str, value: Any) -> int:
    """The id of a token given by its text or its id."""
    if isinstance(value, str):
        return trace.source.token_id(value)
    return read_whole(what, value, 0, trace.card.vocab_size - 1)


def _one_of(what: str, value: Any, allowed: tuple[Any, ...]) -> Any:
    if not isinstance(value, str | bool) or value not in allowed:
        raise UnknownError(what, value, allowed=allowed)
    return value

"""Two traces under one lens: both answers and their difference, token beside token."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import xarray as xr

from ..core.errors import InvalidError, MissingError, UnknownError
from ..trace.trace import Trace
from .align import align
from .both import DIFFERENCE, signed_off
from .compare_attention import compare_attention
from .logit_lens import logit_lens
from .neurons import neurons
from .pairing import Pair
from .predictions import predictions
from .saliency import saliency
from .together import TOGETHER
from .watch import watch

__all__ = ["LENSES", "compare"]

Names = tuple[str, str]


@dataclass(frozen=True)
class _Lens:
    """A lens that can be compared.

    ask    its function: Trace, options -> dataset
    axes   those that are tokens of the trace
    depth  whether models of different depth can be compared
    """

    ask: Callable[..., xr.Dataset]
    axes: tuple[str, ...] = ()
    depth: bool = False


#: Every lens of two traces; attention goes its own way, for its weights are computed when touched.
LENSES: Mapping[str, _Lens] = {
    "logit_lens": _Lens(logit_lens, ("position",), depth=True),
    "watch": _Lens(watch, depth=True),
    "saliency": _Lens(saliency, ("target", "source")),
    "neurons": _Lens(neurons, ("position",)),
}
_NAMES = (*LENSES, "predictions", *TOGETHER, "attention")
_ATTENTION = inspect.signature(compare_attention).parameters
_NOT_OPTIONS = ("trace", "a", "b", "names")


def compare(
    a: Trace, b: Trace, *, lens: str = "logit_lens", names: Names = ("a", "b"), **options: Any
) -> xr.Dataset:
    """Both answers of a lens and their difference (b - a), along `run`, with tokens aligned.

    lens     of LENSES, "predictions" (the race of both runs' candidates), "factors" or "clusters"
             (found in both texts at once), or "attention"
    names    what the two runs are called on the axis `run`; the third is "difference"
    options  of the lens, the same for both
    returns  the lens's variables with `run` as their first axis; an axis of tokens counts slots,
             whose coordinates (lens.both.slot_coords) say which tokens stand there; NaN where a
             side has no token. logit_lens: also same_top, state_distance (layer, position),
             parted (position)
    raises   UnknownError for a lens that can't be compared or an option it has not; InvalidError
             where traces can't be aligned, or have no counterparts of what is compared
    """
    _check(a, b, lens, names)
    if lens == "attention":
        _check_options(_ATTENTION, lens, options)
        return compare_attention(a, b, names, **options)
    if lens in TOGETHER:
        return _found_in_both(a, b, lens, names, options)
    if lens == "predictions":
        _check_options(inspect.signature(_candidates).parameters, lens, options)
        options = _candidates(a, b, **options)
    known = LENSES.get(lens, LENSES["watch"])
    _check_options(inspect.signature(known.ask).parameters, lens, options)
    if not known.depth and a.n_layers != b.n_layers:
        raise InvalidError(
            f"pair of models for {lens}", (a.card.name, b.card.name),
            allowed="models of equally many blocks",
            fix=f"these have {a.n_layers} and {b.n_layers}; logit_lens and watch compare them",
        )  # fmt: skip
    answers = known.ask(a, **options), known.ask(b, **options)
    pair = Pair(a, b, answers, align(a, b) if known.axes else None)
    return signed_off(pair.dataset(known.axes), a, b, answers[0], lens, names, pair.notes)


def _found_in_both(
    a: Trace, b: Trace, lens: str, names: Names, options: dict[str, Any]
) -> xr.Dataset:
    """The answers of a lens whose rows are found in both texts at once."""
    _check_options(inspect.signature(TOGETHER[lens]).parameters, lens, options)
    answers, common = TOGETHER[lens](a, b, **options)
    pair = Pair(a, b, answers, align(a, b))
    dataset = pair.dataset(("position",)).assign(
        {name: value for name, value in common.items() if name not in _COORDS}
    )
    dataset = dataset.assign_coords({name: common[name] for name in _COORDS if name in common})
    return signed_off(dataset, a, b, answers[0], lens, names, pair.notes)


_COORDS = ("layer", "neuron", "part")


def _candidates(
    a: Trace, b: Trace, *, k: int = 5, at: int | None = None, target: int | None = None
) -> dict[str, Any]:
    """What `watch` is asked, that the k likeliest tokens of both after the last layer race."""
    tops = [
        predictions(trace, at=at, target=target, layer=trace.n_layers - 1, k=k)["token_id"]
        for trace in (a, b)
    ]
    tokens = list(dict.fromkeys(int(i) for top in tops for i in top.values.ravel()))
    return {"tokens": tokens, "at": at, "target": target}


def _check(a: Trace, b: Trace, lens: str, names: Names) -> None:
    for what, trace in (("a", a), ("b", b)):
        if not isinstance(trace, Trace):
            raise InvalidError(
                what, trace, allowed="a trace", fix="write ct.compare(lm.trace(...), lm.trace(...))"
            )
    if lens not in _NAMES:
        raise UnknownError("lens to compare", lens, allowed=_NAMES)
    if lens == "saliency" and (a.source_ids or b.source_ids):
        raise MissingError(
            "the comparison of saliencies", because="their shares are over a source, too, and only "
            "the decoder's tokens are aligned", fix="look at both: ct.saliency(a), ct.saliency(b)",
        )  # fmt: skip
    if len({*names, DIFFERENCE, ""}) != 4 or not all(isinstance(name, str) for name in names):
        raise InvalidError("names", names, allowed=f"two different texts, neither {DIFFERENCE!r}")


def _check_options(
    known: Mapping[str, inspect.Parameter], lens: str, options: Mapping[str, Any]
) -> None:
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in known.values()):
        return
    allowed = [name for name in known if name not in _NOT_OPTIONS]
    for name in options:
        if name not in allowed:
            raise UnknownError(f"option of {lens}", name, allowed=allowed)
    for name in allowed:
        if known[name].default is inspect.Parameter.empty and name not in options:
            raise MissingError(f"{name}=", because=f"the lens {lens} has to be told them")

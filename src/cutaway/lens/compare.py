"""Two traces under one lens: both answers and their difference, token beside token."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator, Mapping
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


#: Both answers, and the variables and coordinates that they have in common.
_Answers = tuple[tuple[xr.Dataset, xr.Dataset], Mapping[str, Any]]


@dataclass(frozen=True)
class _Lens:
    """How a lens is asked of two traces.

    ask    the traces, options -> both answers
    lens   what is asked of each trace; else what is asked of both: its parameters are the options
    axes   those that are tokens of the trace
    depth  whether models of different depth can be compared, as far as `ask` allows it
    """

    ask: Callable[..., _Answers]
    lens: Callable[..., Any]
    axes: tuple[str, ...] = ()
    depth: bool = False


def _each(lens: Callable[..., xr.Dataset], *axes: str, depth: bool = False) -> _Lens:
    """A lens of one trace, asked of each of the two."""

    def ask(a: Trace, b: Trace, **options: Any) -> _Answers:
        return (lens(a, **options), lens(b, **options)), {}

    return _Lens(ask, lens, axes, depth)


def _candidates(
    a: Trace, b: Trace, *, k: int = 5, at: int | None = None, target: int | None = None
) -> _Answers:
    """The race of the k likeliest tokens of both after the last layer."""
    tops = [
        predictions(trace, at=at, target=target, layer=trace.n_layers - 1, k=k)["token_id"]
        for trace in (a, b)
    ]
    tokens = list(dict.fromkeys(int(i) for top in tops for i in top.values.ravel()))
    return (
        watch(a, tokens, at=at, target=target),
        watch(b, tokens, at=at, target=target),
    ), {}


#: Every lens of two traces; attention goes its own way, for its weights are computed when touched.
LENSES: Mapping[str, _Lens] = {
    "logit_lens": _each(logit_lens, "position", depth=True),
    "watch": _each(watch, depth=True),
    "saliency": _each(saliency, "target", "source"),
    "neurons": _each(neurons, "position"),
    "predictions": _Lens(_candidates, _candidates, depth=True),
    # Their rows are found in both texts at once.
    **{name: _Lens(ask, ask, ("position",), depth=True) for name, ask in TOGETHER.items()},
}
_NAMES = (*LENSES, "attention")
_NOT_OPTIONS = ("trace", "a", "b", "names")
#: What both answers have in common and an axis is named by.
_COORDS = ("layer", "neuron", "part")


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
        _check_options(compare_attention, lens, options)
        return compare_attention(a, b, names, **options)
    known = LENSES[lens]
    _check_options(known.lens, lens, options)
    if not known.depth and a.n_layers != b.n_layers:
        raise InvalidError(
            f"pair of models for {lens}", (a.card.name, b.card.name),
            allowed="models of equally many blocks",
            fix=f"these have {a.n_layers} and {b.n_layers}; logit_lens and watch compare them",
        )  # fmt: skip
    answers, common = known.ask(a, b, **options)
    pair = Pair(a, b, answers, align(a, b) if known.axes else None)
    dataset = _with(pair.dataset(known.axes), common)
    notes = (*pair.notes, *_told(pair, names))
    return signed_off(dataset, a, b, answers[0], lens, names, notes)


def _with(dataset: xr.Dataset, common: Mapping[str, Any]) -> xr.Dataset:
    """The dataset with what both answers have in common."""
    own = {name: value for name, value in common.items() if name not in _COORDS}
    coords = {name: common[name] for name in _COORDS if name in common}
    return dataset.assign(own).assign_coords(coords)


def _told(pair: Pair, names: Names) -> Iterator[str]:
    """What the lens says of each side beside the notes of its trace."""
    for name, trace, answer in zip(names, (pair.a, pair.b), pair.answers, strict=True):
        for note in json.loads(answer.attrs["notes"]):
            if note not in trace.notes:
                yield f"{name}: {note}"


def _check(a: Trace, b: Trace, lens: str, names: Names) -> None:
    for what, trace in (("a", a), ("b", b)):
        if not isinstance(trace, Trace):
            raise InvalidError(
                what, trace, allowed="a trace", fix="write ct.compare(lm.trace(...), lm.trace(...))"
            )
    if lens not in _NAMES:
        raise UnknownError("lens to compare", lens, allowed=_NAMES)
    if lens == "saliency" and bool(a.source_ids) != bool(b.source_ids):
        raise InvalidError(
            "pair of traces for saliency", (a.card.name, b.card.name),
            allowed="both with a source, as an encoder-decoder's, or both without",
        )  # fmt: skip
    if len({*names, DIFFERENCE, ""}) != 4 or not all(isinstance(name, str) for name in names):
        raise InvalidError("names", names, allowed=f"two different texts, neither {DIFFERENCE!r}")


def _check_options(asked: Callable[..., Any], lens: str, options: Mapping[str, Any]) -> None:
    known = inspect.signature(asked).parameters
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in known.values()):
        return
    allowed = [name for name in known if name not in _NOT_OPTIONS]
    for name in options:
        if name not in allowed:
            raise UnknownError(f"option of {lens}", name, allowed=allowed)
    for name in allowed:
        if known[name].default is inspect.Parameter.empty and name not in options:
            raise MissingError(f"{name}=", because=f"the lens {lens} has to be told them")

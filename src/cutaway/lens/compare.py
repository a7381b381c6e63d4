"""Two traces under one lens: both answers and their difference, token beside token."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

import numpy as np
import xarray as xr

from ..core.axes import as_list
from ..core.choices import read_choice, read_text
from ..core.errors import InvalidError, MissingError, UnknownError
from ..trace.trace import Trace
from .both import DIFFERENCE
from .compare_attention import both_attentions
from .compare_experts import both_experts
from .dataset import finish, strings
from .logit_lens import logit_lens
from .neurons import neurons
from .pairing import Pair
from .parting import ABSENT, parting_notes, with_parting
from .predictions import predictions
from .saliency import saliency
from .together import both_clusters, both_factors
from .watch import watch

__all__ = ["LENSES", "compare"]

Names = tuple[str, str]

#: A lens of two traces: both of them and its options -> both answers, and how they are laid out.
Asked = Callable[..., Pair]


def _each(lens: Callable[..., xr.Dataset], *axes: str, depth: bool = False) -> Asked:
    """A lens of one trace, asked of each of the two; its options are that lens's own.

    axes   those that are tokens of the trace
    depth  whether models of different depth stand beside each other
    """

    @wraps(lens)
    def ask(a: Trace, b: Trace, **options: Any) -> Pair:
        if not depth:
            _check_depth(a, b, lens.__name__)
        return Pair(a, b, (lens(a, **options), lens(b, **options)), axes)

    return ask


@wraps(logit_lens)
def _parting(a: Trace, b: Trace, **options: Any) -> Pair:
    """The logit lens of both, and where the two part."""

    def also(dataset: xr.Dataset, pair: Pair) -> xr.Dataset:
        first, second = (
            np.where(rows < 0, ABSENT, answer["layer"].values[np.maximum(rows, 0)])
            for answer, rows in zip(pair.answers, pair.layers[1:], strict=True)
        )
        return with_parting(dataset, a, b, (first, second))

    answers = logit_lens(a, **options), logit_lens(b, **options)
    return Pair(a, b, answers, ("position",), also=also, said=parting_notes(a, b))


def _candidates(
    a: Trace, b: Trace, *, k: int = 5, at: int | None = None, target: int | None = None
) -> Pair:
    """The race of the k likeliest tokens of both after the last layer."""
    tops = [
        predictions(trace, at=at, target=target, layer=trace.n_layers - 1, k=k)["token_id"]
        for trace in (a, b)
    ]
    tokens = list(dict.fromkeys(int(i) for top in tops for i in top.values.ravel()))
    first, second = (watch(trace, tokens, at=at, target=target) for trace in (a, b))
    return Pair(a, b, (first, second))


#: Every lens of two traces. The rows of factors and clusters are found in both texts at once.
LENSES: Mapping[str, Asked] = {
    "logit_lens": _parting,
    "watch": _each(watch, depth=True),
    "saliency": _each(saliency, "target", "source"),
    "neurons": _each(neurons, "position"),
    "predictions": _candidates,
    "factors": both_factors,
    "clusters": both_clusters,
    "experts": both_experts,
    "attention": both_attentions,
}
#: Those whose picture is one of their own.
_PICTURED = ("attention", "experts")
_NOT_OPTIONS = ("trace", "a", "b")


def compare(
    a: Trace, b: Trace, *, lens: str = "logit_lens", names: Names = ("a", "b"), **options: Any
) -> xr.Dataset:
    """Both answers of a lens and their difference (b - a), along `run`, with tokens aligned.

    lens     of LENSES
    names    what the two runs are called on the axis `run`; the third is "difference"
    options  of the lens, the same for both
    returns  the lens's variables with `run` as their first axis; an axis of tokens counts slots,
             whose coordinates (lens.both.slot_coords) say which tokens stand there; NaN where a
             side has no token. logit_lens: also same_top, state_distance (layer, position),
             parted (position). experts: also variation, shared (layer, position), rerouted
             (position)
    raises   UnknownError for a lens that can't be compared or an option it has not; InvalidError
             where traces can't be aligned, or have no counterparts of what is compared
    """
    _check(a, b, lens, names)
    _check_options(LENSES[lens], lens, options)
    pair = LENSES[lens](a, b, **options)
    return _signed_off(pair.dataset(), pair, lens, names)


def _signed_off(dataset: xr.Dataset, pair: Pair, lens: str, names: Names) -> xr.Dataset:
    """The dataset with its axis `run` and the attributes that every dataset has.

    attrs  also other_model and other_run, those of the second trace
    """
    a, b = pair.a, pair.b
    dataset.coords["run"] = strings((*names, DIFFERENCE))
    understood = json.loads(pair.answers[0].attrs["options"])
    own = {"lens": lens, "names": list(names), **understood}
    finish(dataset, a, lens=f"compare_{lens}" if lens in _PICTURED else "compare", options=own)
    notes = [*a.notes, *b.notes, *pair.notes, *pair.told(names)]
    dataset.attrs.update(
        other_model=json.dumps(b.card.to_json(), ensure_ascii=False),
        other_run=json.dumps(dict(b.options), ensure_ascii=False),
        notes=json.dumps(notes, ensure_ascii=False),
    )
    return dataset


def _check(a: Trace, b: Trace, lens: str, names: Names) -> None:
    for what, trace in (("a", a), ("b", b)):
        if not isinstance(trace, Trace):
            raise InvalidError(
                what, trace, allowed="a trace", fix="write ct.compare(lm.trace(...), lm.trace(...))"
            )
    read_choice("lens to compare", lens, LENSES)
    if lens == "saliency" and bool(a.source_ids) != bool(b.source_ids):
        raise InvalidError(
            "pair of traces for saliency", (a.card.name, b.card.name),
            allowed="both with a source, as an encoder-decoder's, or both without",
        )  # fmt: skip
    given = {read_text("name of a trace", name) for name in as_list(names)}
    if len({*given, DIFFERENCE, ""}) != 4:
        raise InvalidError("names", names, allowed=f"two different texts, neither {DIFFERENCE!r}")


def _check_depth(a: Trace, b: Trace, lens: str) -> None:
    if a.n_layers != b.n_layers:
        raise InvalidError(
            f"pair of models for {lens}", (a.card.name, b.card.name),
            allowed="models of equally many blocks",
            fix=f"these have {a.n_layers} and {b.n_layers}; logit_lens and watch compare them",
        )  # fmt: skip


def _check_options(asked: Asked, lens: str, options: Mapping[str, Any]) -> None:
    known = inspect.signature(asked).parameters
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in known.values()):
        return  # the lens says itself which of its methods has it
    allowed = [name for name in known if name not in _NOT_OPTIONS]
    for name in options:
        if name not in allowed:
            raise UnknownError(f"option of {lens}", name, allowed=allowed)
    for name in allowed:
        if known[name].default is inspect.Parameter.empty and name not in options:
            raise MissingError(f"{name}=", because=f"the lens {lens} has to be told them")

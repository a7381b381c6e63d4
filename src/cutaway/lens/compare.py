"""Two traces under one lens: both answers and their difference, token beside token."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

import xarray as xr

from ..core.axes import as_list
from ..core.choices import read_choice, read_text
from ..core.errors import InvalidError, MissingError, UnknownError
from ..trace.trace import Trace
from .compare_attention import compare_attention
from .compare_experts import compare_experts
from .comparison import Comparison
from .dataset import finish, strings
from .difference import DIFFERENCE
from .divergence import divergence_notes, with_divergence
from .joint_fit import joint_clusters, joint_factors
from .logit_lens import logit_lens
from .neurons import neurons
from .predictions import predictions
from .saliency import saliency
from .watch import watch

__all__ = ["LENSES", "compare"]

Names = tuple[str, str]

#: A lens of two traces: both of them and its options -> both answers, and how they are laid out.
CompareLens = Callable[..., Comparison]


def _each(
    lens: Callable[..., xr.Dataset], *token_axes: str, any_depth: bool = False
) -> CompareLens:
    """A lens of one trace, asked of each of the two; its options are that lens's own.

    token_axes  those that are tokens of the trace
    any_depth   whether models of different depth stand beside each other

    It keeps the signature of the lens, of which _check_options reads the options.
    """

    @wraps(lens)
    def ask(a: Trace, b: Trace, **options: Any) -> Comparison:
        if not any_depth:
            _check_depth(a, b, lens.__name__)
        return Comparison(a, b, (lens(a, **options), lens(b, **options)), token_axes)

    return ask


@wraps(logit_lens)
def _both_logit_lenses(a: Trace, b: Trace, **options: Any) -> Comparison:
    """The logit lens of both, and where the two diverge."""
    return Comparison(
        a, b, (logit_lens(a, **options), logit_lens(b, **options)), ("position",),
        extend=with_divergence, lens_notes=divergence_notes(a, b),
    )  # fmt: skip


def _both_predictions(
    a: Trace, b: Trace, *, k: int = 5, at: int | None = None, target: int | None = None
) -> Comparison:
    """The race of the k likeliest tokens of both after the last layer."""
    tops = [
        predictions(trace, at=at, target=target, layer=trace.n_layers - 1, k=k)["token_id"]
        for trace in (a, b)
    ]
    tokens = list(dict.fromkeys(int(i) for top in tops for i in top.values.ravel()))
    first, second = (watch(trace, tokens, at=at, target=target) for trace in (a, b))
    return Comparison(a, b, (first, second))


#: Every lens of two traces. The rows of factors and clusters are found in both texts at once.
LENSES: Mapping[str, CompareLens] = {
    "logit_lens": _both_logit_lenses,
    "watch": _each(watch, any_depth=True),
    "saliency": _each(saliency, "target", "source"),
    "neurons": _each(neurons, "position"),
    "predictions": _both_predictions,
    "factors": joint_factors,
    "clusters": joint_clusters,
    "experts": compare_experts,
    "attention": compare_attention,
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
             whose coordinates (comparison_axes.slot_coords) say which tokens stand there; NaN where
             a side has no token. logit_lens: also same_top, state_distance (layer, position),
             diverged_at (position). experts: also variation, shared (layer, position), rerouted
             (position)
    raises   UnknownError for a lens that can't be compared or an option it has not; InvalidError
             where traces can't be aligned, or have no counterparts of what is compared
    """
    _check(a, b, lens, names)
    _check_options(LENSES[lens], lens, options)
    return _finished(LENSES[lens](a, b, **options), lens, names)


def _finished(pair: Comparison, lens: str, names: Names) -> xr.Dataset:
    """The comparison's dataset with its axis `run` and the attributes that every dataset has.

    attrs  also other_model and other_run, those of the second trace
    """
    a, b, dataset = pair.a, pair.b, pair.dataset()
    dataset.coords["run"] = strings((*names, DIFFERENCE))
    understood = json.loads(pair.answers[0].attrs["options"])
    own = {"lens": lens, "names": list(names), **understood}
    finish(dataset, a, lens=f"compare_{lens}" if lens in _PICTURED else "compare", options=own)
    notes = [*a.notes, *b.notes, *pair.notes, *pair.side_notes(names)]
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


def _check_options(asked: CompareLens, lens: str, options: Mapping[str, Any]) -> None:
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

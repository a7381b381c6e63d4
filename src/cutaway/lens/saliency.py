"""Saliency: for a token that was said, how much each earlier token had to do with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..core.axes import as_list, read_layer, read_slice, read_whole
from ..core.choices import read_choice
from ..core.errors import InvalidError
from ..trace.source import Attributed, Attribution, Question
from ..trace.trace import Trace
from .dataset import finish, strings, token_coords, vocabulary
from .position import mask_positions
from .saliency_classes import explained_classes, read_class_quantity
from .saliency_methods import (
    METHODS,
    QUANTITIES,
    first_target,
    read_method,
    read_options,
    read_token,
)
from .saliency_plan import plan
from .saliency_terms import terms

__all__ = ["CONVERGED", "answer", "ask", "saliency"]

#: A completeness gap above this, or a score that moves by more, is called "not converged".
CONVERGED = 0.05

Targets = int | slice | Iterable[int] | None


def saliency(
    trace: Trace,
    *,
    method: str = "input_x_gradient",
    targets: Targets = None,
    contrast: str | int | None = None,
    quantity: str | None = None,
    at_layer: int | str | None = None,
    label: str | int | None = None,
    **options: Any,
) -> xr.Dataset:
    """How much each earlier token had to do with the tokens that were said.

    method    "input_x_gradient" or another of METHODS
    targets   positions 1..T (T: the token not yet said); None: the outputs, or all of a text;
              in a masked model 0..T-1, and None: its masks, or all
    contrast  a token: why the one that was said *rather than* this one
    quantity  "logit", "log_probability" or "probability"; None: the method's own
    at_layer  explain by the states after a block ("in": before block 0) instead of the embeddings
    label     of a classifier: what is explained, by name or number; None: what the model says
    options   of the method: baseline, steps, spacing; how, replacement; samples, seed
    returns   saliency (target, source) shares that sum to 1, score (target, source) signed,
              value (target) what is explained, gap (target) of integrated gradients, else NaN, as
              moved (target), how far a score of theirs moves without every second slope;
              NaN where the source is not before the target (in a masked model all are sources).
              Of an encoder-decoder these are the decoder's tokens, and source_saliency,
              source_score (target, source_position) those that its encoder read: all shares of a
              target sum to 1 together
    raises    InvalidError, UnknownError for what can't be asked; MissingError without a model
    source    https://jalammar.github.io/explaining-transformers/ (input x gradient)
    """
    asked = ask(trace, method, targets, contrast, quantity, at_layer, options, label)
    return answer(trace, asked)


def answer(trace: Trace, wanted: Attribution) -> xr.Dataset:
    """The dataset of a checked question: what `saliency` returns."""
    found = trace.source.attribute(trace, wanted)
    moved = np.full(len(found.gap), np.nan, np.float32) if found.moved is None else found.moved
    variables: dict[str, Any] = {
        "score": (_AXES, found.signed, {"units": _unit(wanted)}),
        "value": (("target",), found.value, {"units": QUANTITIES[wanted.quantity]}),
        "gap": (("target",), found.gap, {"units": "1", "threshold": CONVERGED}),
        "moved": (("target",), moved, {"units": "1", "threshold": CONVERGED}),
    }
    own, source = _shares(found)
    variables |= {"saliency": (_AXES, own, {"units": "1", "long_name": _SHARE})}
    coords = _coords(trace, wanted)
    if source is not None:
        axes = ("target", "source_position")
        variables["source_saliency"] = (axes, source, {"units": "1", "long_name": _SHARE})
        variables["source_score"] = (axes, found.source_signed, {"units": _unit(wanted)})
        coords |= _source_coords(trace)
    dataset = xr.Dataset(variables, coords=coords)
    cost = plan(trace.card, trace.n_positions, wanted, len(trace.source_ids))
    dataset.attrs.update(terms(trace, wanted), cost=str(cost))
    options = {
        "method": wanted.method, "targets": list(wanted.targets),
        "contrast": wanted.contrast[0] if wanted.contrast else None,
        "quantity": wanted.quantity, "at_layer": wanted.at_layer, **wanted.options,
    }  # fmt: skip
    notes = (*trace.notes, *(f"{name}: {words}" for name, words in found.notes.items()))
    return finish(dataset, replace(trace, notes=notes), lens="saliency", options=options)


_AXES = ("target", "source")
_SHARE = "share of the scores"


def ask(
    trace: Trace,
    method: str,
    targets: Targets,
    contrast: str | int | None,
    quantity: str | None,
    at_layer: int | str | None,
    options: dict[str, Any],
    label: str | int | None = None,
) -> Attribution:
    """The Attribution that the arguments of `saliency` mean, with everything checked."""
    known = read_method(method)
    if trace.card.task:
        quantity = read_class_quantity(trace, quantity, known.quantity)
    quantity = known.quantity if quantity is None else quantity
    read_choice("quantity", quantity, QUANTITIES)
    options = read_options(trace, method, options)
    leaf = _read_leaf(trace, method, at_layer)
    if trace.card.task:
        it = explained_classes(trace, label, targets, contrast)
        return Attribution(
            it.targets, it.choices, it.contrast, quantity, method, leaf, options,  # type: ignore[arg-type]
            it.rows, it.names,
        )  # fmt: skip
    if label is not None:
        raise InvalidError(
            "label", label, allowed="with a classifier only",
            fix="a language model says tokens: choose them with targets=",
        )  # fmt: skip
    positions = _read_targets(trace, targets, first_target(trace, options))
    said = _said(trace, positions)
    return Attribution(
        targets=positions,
        token_ids=said,
        contrast=_read_contrast(trace, contrast, positions, said),
        quantity=quantity,  # type: ignore[arg-type]
        method=method,
        at_layer=leaf,
        options=options,
    )


def _read_targets(trace: Trace, targets: Targets, first: int) -> tuple[int, ...]:
    """Ascending positions 1..T; by default the outputs, or all from `first` on.

    In a masked model 0..T-1; by default its masks, or all.
    """
    T = trace.n_positions
    low, high = (0, T - 1) if trace.card.is_masked else (1, T)
    if targets is None and trace.card.is_masked:
        return tuple(mask_positions(trace) or range(T))
    if targets is None:
        chosen = list(range(max(first, trace.n_prompt if trace.n_prompt < T else 1), T))
        if not chosen:
            raise InvalidError(
                "targets", None, allowed=f"{T}",
                fix=f"a text this short explains only what is said next: pass targets={T}",
            )  # fmt: skip
        return tuple(chosen)
    if isinstance(targets, slice):
        some: list[Any] = list(read_slice("targets", targets, high + 1))
    else:
        some = as_list(targets)
    if not some:
        raise InvalidError("targets", targets, allowed=f"one or more of {low} to {high}")
    return tuple(sorted({read_whole("target", target, low, high) for target in some}))


def _said(trace: Trace, targets: tuple[int, ...]) -> tuple[int, ...]:
    """The token explained at each target: the one that is there; where there is none yet, or a
    mask, the one that the model says."""
    unsaid = {trace.n_positions, *mask_positions(trace)}.intersection(targets)
    if not unsaid:
        return tuple(trace.token_ids[target] for target in targets)
    at = tuple(target - trace.card.shift for target in sorted(unsaid))
    question = Question(layers=(trace.n_layers - 1,), positions=at, k=1)
    top = trace.source.project(trace, question).token_id[0, :, 0].tolist()
    said = dict(zip(sorted(unsaid), top, strict=True))
    return tuple(said[t] if t in unsaid else trace.token_ids[t] for t in targets)


def _read_contrast(
    trace: Trace, contrast: str | int | None, targets: tuple[int, ...], said: tuple[int, ...]
) -> tuple[int, ...] | None:
    if contrast is None:
        return None
    token_id = read_token(trace, "contrast", contrast)
    if token_id in said:
        raise InvalidError(
            "contrast", contrast, allowed="another token than the one explained",
            fix=f"target {targets[said.index(token_id)]} is this token: choose other targets",
        )  # fmt: skip
    return (token_id,) * len(targets)


def _read_leaf(trace: Trace, method: str, at_layer: int | str | None) -> int | None:
    if at_layer is None:
        return None
    if not METHODS[method].inner:
        able = [name for name, known in METHODS.items() if known.inner]
        raise InvalidError(
            "at_layer", at_layer, allowed=f"None with {method}",
            fix=f"inner layers go with {', '.join(able)}",
        )  # fmt: skip
    return read_layer(at_layer, trace.n_layers)


def _shares(found: Attributed) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
    """Absolute scores, and those of an encoder's tokens, divided by the sum of both.

    NaN where every score is 0.
    """
    sides = [found.score] if found.source_score is None else [found.score, found.source_score]
    sizes = [np.abs(side.astype(np.float64)) for side in sides]
    total = np.nansum(np.hstack(sizes), axis=1, keepdims=True)
    shares = [
        np.divide(size, total, out=np.full_like(size, np.nan), where=total > 0).astype(np.float32)
        for size in sizes
    ]
    return shares[0], shares[1] if len(shares) > 1 else None


def _source_coords(trace: Trace) -> dict[str, Any]:
    """The tokens that the encoder read."""
    assert trace.encoder is not None
    row = trace.encoder.tokens
    return {
        **token_coords(trace.encoder, range(len(row)), axis="source_position"),
        "source_position_special": ("source_position", np.asarray(row.special, dtype=bool)),
    }


def _unit(wanted: Attribution) -> str:
    unit = QUANTITIES[wanted.quantity]
    return f"{unit} per unit of the leaf" if wanted.method == "gradient_norm" else unit


def _coords(trace: Trace, wanted: Attribution) -> dict[str, Any]:
    said = np.asarray(wanted.token_ids, dtype=np.int64)
    return {
        **token_coords(trace, wanted.targets, axis="target"),
        **token_coords(trace, range(trace.n_positions), axis="source"),
        "source_special": ("source", np.asarray(trace.tokens.special, dtype=bool)),
        "explained_id": ("target", said),
        "explained": ("target", strings(wanted.names) if wanted.names else vocabulary(trace, said)),
        **({"explained_row": ("target", np.asarray(wanted.rows))} if wanted.rows else {}),
    }

"""Shapley values, KernelSHAP and LIME over the tokens of a prefix, as Captum computes them."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..core.errors import MissingError
from ..core.progress import working
from ..trace.source import Attributed, Attribution, Floats
from .attribution_model import AttributionModel
from .attribution_targets import AttributionTargets
from .token_removal import taken_out, values_of

__all__ = ["by_sampling"]

_CLASSES = {
    "shapley_value_sampling": "ShapleyValueSampling", "kernel_shap": "KernelShap", "lime": "Lime",
}  # fmt: skip
#: Masked texts Captum may ask for at once.
_TOGETHER = 32


def by_sampling(subject: AttributionModel, wanted: Attribution) -> Attributed:
    """Signed worth of every token, from texts in which random sets of tokens are taken out.

    options: samples, seed, how and replacement as in occlusion.
    Source: Captum's ShapleyValueSampling, KernelShap and Lime.
    """
    score = np.full((len(wanted.targets), subject.n_sources), np.nan, np.float32)
    value = np.empty(len(wanted.targets), np.float32)
    for i, target in enumerate(wanted.targets):
        present = _present(
            subject, target, AttributionTargets.of(wanted, slice(i, i + 1)), wanted.options
        )
        n = subject.span(target)
        value[i] = present(torch.ones(1, n))[0]
        score[i, :n] = _worth(present, n, wanted)
    nan = np.full(len(wanted.targets), np.nan, np.float32)
    return Attributed(score, score, value, nan)


def _worth(present: Callable[[Tensor], Tensor], n: int, wanted: Attribution) -> Floats:
    """(n,) one number a token; the random numbers are Captum's own, drawn under our seed."""
    full, empty = torch.ones(1, n), torch.zeros(1, n)
    if n == 1:  # one token bears it all: nothing to sample
        return (present(full) - present(empty)).numpy()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(wanted.options["seed"])
        with working("taking random tokens out"):
            result = _explainer(wanted.method)(present).attribute(
                full, baselines=empty, n_samples=wanted.options["samples"],
                perturbations_per_eval=_TOGETHER,
            )  # fmt: skip
    return result.detach()[0].float().numpy()  # type: ignore[no-any-return]


def _present(
    subject: AttributionModel, target: int, aim: AttributionTargets, options: Any
) -> Callable[[Tensor], Tensor]:
    """A function of (B, n) masks, 1 where the token is there: (B,) the quantity explained."""
    n = subject.reach(target)

    def present(masks: Tensor) -> Tensor:
        gone = [torch.nonzero(mask == 0)[:, 0].tolist() for mask in masks]
        how, replacement = options["how"], options["replacement"]
        texts = [taken_out(subject, n, each, how, replacement) for each in gone]
        return torch.from_numpy(values_of(subject, texts, aim, target))

    return present


def _explainer(method: str) -> Any:
    try:
        return getattr(import_module("captum.attr"), _CLASSES[method])
    except ImportError:
        raise MissingError(
            f"captum for method {method!r}",
            because="it is not installed",
            fix="pip install 'cutaway[captum]'",
        ) from None

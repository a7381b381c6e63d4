"""Saliency: which of the tokens before a token the model said it for."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from ..core.errors import UnknownError
from ..trace.source import Attributed, Attribution
from ..trace.trace import Trace
from .gradient import by_gradient
from .leaf import Subject, frozen
from .occlusion import by_occlusion
from .path import by_path
from .sample import by_sampling
from .structure import Anatomy

__all__ = ["METHODS", "attribute"]

METHODS: dict[str, Callable[[Subject, Attribution], Attributed]] = {
    "input_x_gradient": by_gradient,
    "gradient_norm": by_gradient,
    "integrated_gradients": by_path,
    "occlusion": by_occlusion,
    "shapley_value_sampling": by_sampling,
    "kernel_shap": by_sampling,
    "lime": by_sampling,
}


def attribute(model: nn.Module, anatomy: Anatomy, trace: Trace, wanted: Attribution) -> Attributed:
    """(n, T) scores of the targets by one method; see `cutaway.lens.saliency` for their meaning.

    The model is left as it was: weights take gradients again, hooks are gone, its mode is back.
    Raises UnknownError for a method that does not exist.
    """
    if wanted.method not in METHODS:
        raise UnknownError("method", wanted.method, allowed=METHODS)
    with frozen(model):
        subject = Subject(model, anatomy, trace.token_ids, wanted.at_layer)
        return METHODS[wanted.method](subject, wanted)

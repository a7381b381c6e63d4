"""Classifiers: what each layer says of the labels is what the model says with its blocks off."""

from __future__ import annotations

import torch

from .reference import lens_logits
from .survey import Found

__all__ = ["check_classes"]


def check_classes(found: Found) -> None:
    """The labels' logits after every layer, against the model in float64."""
    known = found.lm.card.capabilities.get("classes")
    assert (known is not None) == bool(found.lm.card.task) == (found.kind in HEADS)
    if known is None or not known.proven:
        return
    layers = range(-1, len(found.paths))
    own = torch.from_numpy(found.lm.classify(found.trace, layers)).double()  # type: ignore[attr-defined]
    reference = lens_logits(found.model, found.paths, single=found.single)
    reference = reference.reshape(own.shape)
    assert own.shape[-1] == len(found.lm.card.labels)
    assert ((own - reference).abs() <= 2e-4 * reference.abs().max()).all()


#: What the families of classifiers are built as.
HEADS = ("sequence", "token", "span")

"""Saliency: which of the tokens before a token the model said it for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from torch import nn

from ..core.choices import read_choice
from ..core.errors import InvalidError, MissingError
from ..trace.source import Attributed, Attribution
from ..trace.trace import Trace
from .attribution_classifier import AttributionClassifier, attribution_model_of
from .attribution_model import AttributionModel, frozen
from .attribution_seq2seq import AttributionSeq2Seq, Encoding
from .gradient import by_gradient
from .integrated_gradients import by_integrated_gradients
from .occlusion import by_occlusion
from .reads_ahead import refuse_reading_ahead
from .shapley_lime import by_sampling
from .structure import Anatomy

__all__ = ["METHODS", "attribute"]

METHODS: dict[str, Callable[[AttributionModel, Attribution], Attributed]] = {
    "input_x_gradient": by_gradient,
    "gradient_norm": by_gradient,
    "integrated_gradients": by_integrated_gradients,
    "occlusion": by_occlusion,
    "shapley_value_sampling": by_sampling,
    "kernel_shap": by_sampling,
    "lime": by_sampling,
}


def attribute(
    model: nn.Module,
    anatomy: Anatomy,
    trace: Trace,
    wanted: Attribution,
    encoding: Encoding | None = None,
) -> Attributed:
    """(n, T) scores of the targets by one method; see `cutaway.lens.saliency` for their meaning.

    encoding  of an encoder-decoder: the source, whose tokens have (n, S) scores

    The model is left as it was: weights take gradients again, hooks are gone, its mode is back.
    Raises UnknownError for a method that does not exist, MissingError where no gradient reaches
    the embeddings or where the model reads tokens after the one it explains.
    """
    read_choice("method", wanted.method, METHODS)
    with frozen(model):
        rows = dict(zip(wanted.targets, wanted.rows, strict=False))
        subject = attribution_model_of(model, anatomy, trace, wanted.at_layer, rows)
        if encoding is not None:
            ids = trace.token_ids
            subject = AttributionSeq2Seq(model, anatomy, ids, wanted.at_layer, encoding=encoding)
        _refuse(subject, wanted)
        found = METHODS[wanted.method](subject, wanted)
        return found if encoding is None else _apart(found, subject.n_source)


def _apart(found: Attributed, n_source: int) -> Attributed:
    """The scores of the source's tokens and of the text's, each by themselves."""
    source, text = slice(None, n_source), slice(n_source, None)
    return replace(
        found,
        score=found.score[:, text],
        signed=found.signed[:, text],
        source_score=found.score[:, source],
        source_signed=found.signed[:, source],
    )


def _refuse(subject: AttributionModel, wanted: Attribution) -> None:
    """MissingError where the numbers would be none, or would be of another question."""
    if not subject.anatomy.has_language_head and not isinstance(subject, AttributionClassifier):
        because = subject.anatomy.capabilities["logit lens"].why
        raise MissingError("saliency", because=because)
    known = subject.anatomy.capabilities.get("saliency")
    if known is not None and not known.proven and wanted.method not in _WITHOUT_GRADIENT:
        raise MissingError("saliency", because=known.why, fix="method='occlusion' needs none")
    if subject.masked:
        if wanted.options.get("how") == "delete":
            raise InvalidError(
                "how", "delete", allowed="'replace' in a masked model or a classifier",
                fix="a token that is not there moves those after it, and what is read of them",
            )  # fmt: skip
        return
    if len(subject.token_ids) > 1:
        # every target of a pass shares it: a later token must not change an earlier state
        refuse_reading_ahead("saliency", subject.model, subject.anatomy, subject.token_ids[:-1])


_WITHOUT_GRADIENT = ("occlusion", "shapley_value_sampling", "kernel_shap", "lime")

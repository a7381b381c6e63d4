"""The sections of an encoder-decoder's report: three kinds of attention, and the alignment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from ..core.errors import MissingError
from .report_classified import CLASSIFIED
from .report_routed import ROUTED, with_routed
from .report_sections import SECTIONS, Place, Section, attention_picture

if TYPE_CHECKING:
    from ..trace.trace import Trace
    from .view import View

__all__ = ["EVERY", "sections_of"]


def _cross(trace: Trace, _: Place) -> View:
    from .attention import attention

    _source(trace)
    return attention(trace, kind="cross")


def _cross_probe(trace: Trace, place: Place) -> object:
    weight = _cross(trace, place).data["weight"]  # computed when touched
    return None if _live(trace) else weight[:1, :1].compute()


def _alignment(trace: Trace, _: Place) -> View:
    from .attention import attention

    _source(trace)
    return attention(trace, kind="cross").alignment()


def _alignment_probe(trace: Trace, place: Place) -> object:
    if trace.n_positions < 2:
        raise MissingError("the alignment", because="the target has no token but its first")
    return _cross_probe(trace, place)


def _encoder(trace: Trace, _: Place) -> View:
    from .attention import attention

    _source(trace)
    return attention(trace, kind="encoder")


def _encoder_probe(trace: Trace, place: Place) -> object:
    weight = _encoder(trace, place).data["weight"]
    return None if _live(trace) else weight[:1, :1].compute()


def _source(trace: Trace) -> None:
    if trace.encoder is None:
        raise MissingError("the source", because="this model reads one text: it has no encoder")


def _live(trace: Trace) -> bool:
    return hasattr(trace.source, "anatomy")


_CROSSED: Mapping[str, Section] = {
    "alignment": Section(
        "Alignment", "Which source token belongs to which", "alignment", _alignment,
        _alignment_probe,
    ),
    "cross": Section(
        "Cross attention", "Where it looked in the source", "attention", _cross, _cross_probe,
        picture=attention_picture,
    ),
    "attention": replace(
        SECTIONS["attention"], title="Decoder attention",
        question="Where it looked in what it wrote",
    ),
    "encoder": Section(
        "Encoder attention", "Where the source looked at itself", "attention", _encoder,
        _encoder_probe, picture=attention_picture,
    ),
}  # fmt: skip
#: Every section of any report by name.
EVERY: Mapping[str, Section] = {**SECTIONS, **_CROSSED, **CLASSIFIED, **ROUTED, **SECTIONS}


def sections_of(trace: Trace) -> Mapping[str, Section]:
    """The sections that a trace's report has, in the order of the page."""
    return with_routed(_sections_of(trace), trace)


def _sections_of(trace: Trace) -> Mapping[str, Section]:
    if trace.card.task:
        return CLASSIFIED
    if trace.encoder is None:
        return SECTIONS
    found: dict[str, Section] = {}
    for name, section in SECTIONS.items():
        found |= _CROSSED if name == "attention" else {name: section}
    return found

"""The sections of a classifier's report: its classes stand where the tokens of others do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from .report_sections import SECTIONS, Place, Section

if TYPE_CHECKING:
    from ..trace.trace import Trace
    from .view import View

__all__ = ["CLASSIFIED"]

#: What is of tokens that are said.
_OF_TOKENS = ("lens", "race")


def _classes(trace: Trace, _: Place) -> View:
    from .classes import classes

    return classes(trace)


def _saliency(trace: Trace, _: Place) -> View:
    from .saliency import saliency

    return saliency(trace)


def _saliency_probe(trace: Trace, place: Place) -> object:
    live = hasattr(trace.source, "anatomy")
    return SECTIONS["saliency"].probe(trace, place) if live else _saliency(trace, place)


#: Every section by name, in the order of the page.
CLASSIFIED: Mapping[str, Section] = {
    "classes": Section(
        "Classes", "What it would answer after each layer", "classes", _classes, _classes
    ),
    **{name: section for name, section in SECTIONS.items() if name not in _OF_TOKENS},
    "saliency": replace(SECTIONS["saliency"], ask=_saliency, probe=_saliency_probe),
}

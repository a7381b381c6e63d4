"""The section of a report that only a model with a mixture of experts has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from .report_sections import Place, Section

if TYPE_CHECKING:
    from ..trace.trace import Trace
    from .view import View

__all__ = ["ROUTED", "with_routed"]


def _experts(trace: Trace, _: Place) -> View:
    from .routing import experts

    return experts(trace)


def _probe(trace: Trace, _: Place) -> object:
    from ..lens.routing import read_router_layers

    first = read_router_layers(trace, None)[:1]
    live = hasattr(trace.source, "anatomy")
    return None if live else trace.material("experts", first)


ROUTED: Mapping[str, Section] = {
    "experts": Section("Experts", "Which experts were called", "experts", _experts, _probe)
}
#: Sections that stand after it.
_AFTER = ("walk", "anatomy")


def with_routed(sections: Mapping[str, Section], trace: Trace) -> Mapping[str, Section]:
    """The sections with that of the experts among them, where a block of the model has any."""
    if "experts" not in trace.card.capabilities:
        return sections
    before = {name: one for name, one in sections.items() if name not in _AFTER}
    return {**before, **ROUTED, **sections}

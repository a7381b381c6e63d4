"""The sections of a report: which lens each is, and how it is asked of a trace."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..core.errors import MissingError

if TYPE_CHECKING:
    from ..trace.trace import Trace
    from ..view.spec import Spec
    from .view import View

__all__ = ["SECTIONS", "Place", "Section", "attention_picture", "explained_from"]

#: Factors of a report, where the text has as many positions.
_FACTORS = 6
_CLUSTERS = 8
#: Bytes of a saved report: weights of every head of 200 tokens, and the most active neurons.
_WEIGHTS, _ACTIVATIONS = 6_000_000, 800_000
#: The lengths of the texts that a report's saliency reads, one for each token it explains, sum to
#: so many at most: those of every token of a text of 424.
_READ = 90_000
_OTHERS = (
    "each is a pass over the text before it. ct.saliency(trace, targets=[...]) explains others."
)
#: Candidates of each cell.
_CANDIDATES = 10


@dataclass(frozen=True)
class Place:
    """Where the sections that show one position are read.

    at      the position;  layer  the block of a walk
    tokens  the ids that race: the likeliest after the last layer, and the one that came
    """

    at: int
    layer: int
    tokens: tuple[int, ...]


def _whole(view: View) -> Spec:
    return view.spec


Ask = Callable[["Trace", Place], "View"]
Probe = Callable[["Trace", Place], object]


@dataclass(frozen=True)
class Section:
    """One lens of a report.

    title, question  what it is called and what it answers
    kind             of its picture
    ask              its view of a trace
    probe            raises, in a moment, what `ask` would raise after some work
    placed           whether its picture is of one position
    picture          what a saved report holds of the view
    """

    title: str
    question: str
    kind: str
    ask: Ask
    probe: Probe
    placed: bool = False
    picture: Callable[[View], Spec] = _whole


def _lens(trace: Trace, _: Place) -> View:
    from .api import logit_lens

    return logit_lens(trace, k=_CANDIDATES)


def _lens_probe(trace: Trace, place: Place) -> View:
    from .api import predictions

    return predictions(trace, at=place.at, k=1)


def _race(trace: Trace, place: Place) -> View:
    from .watch import watch

    return watch(trace, place.tokens, at=place.at)


def _saliency(trace: Trace, _: Place) -> View:
    from .saliency import saliency

    T, shift = trace.n_positions, trace.card.shift
    if 0 < trace.n_prompt < T:
        return saliency(trace, targets=range(trace.n_prompt, T + shift))
    first = explained_from(T) + shift
    if first > shift:
        left = f"Explained are the last {T + shift - first} of {T:,} tokens: {_OTHERS}"
        trace = replace(trace, notes=(*trace.notes, left))
    return saliency(trace, targets=range(first, T + shift))


def explained_from(n_positions: int) -> int:
    """The first token that a report explains of a text that was only read: 0 but in a long one.

    >>> explained_from(400), explained_from(1000), explained_from(4096)
    (0, 905, 4073)
    """
    return math.isqrt(max(0, n_positions**2 - 2 * _READ))


def _saliency_probe(trace: Trace, _: Place) -> object:
    from .saliency import saliency

    if not _live(trace):
        return saliency(trace, targets=1)
    known = trace.card.capabilities.get("saliency")
    if known is not None and not known.proven:
        raise MissingError("saliency", because=known.why)
    return None


def _attention(trace: Trace, _: Place) -> View:
    from .attention import attention

    return attention(trace)


def _attention_probe(trace: Trace, place: Place) -> object:
    weight = _attention(trace, place).data["weight"]  # computed when touched
    return None if _live(trace) else weight[:1, :1].compute()


def attention_picture(view: View) -> Spec:
    """What a saved report holds of attention."""
    from .attention import AttentionView

    assert isinstance(view, AttentionView)
    return view._picture(_WEIGHTS)


def _neurons(trace: Trace, _: Place) -> View:
    from .neurons import neurons

    return neurons(trace)


def _firing_probe(trace: Trace, _: Place) -> object:
    from ..lens.neurons import read_neuron_layers

    first = read_neuron_layers(trace, None)[:1]
    return None if _live(trace) else trace.material("neurons", first)


def _neurons_picture(view: View) -> Spec:
    from ..view.neurons import neurons_spec

    return neurons_spec(view.data, budget=_ACTIVATIONS)


def _factors(trace: Trace, _: Place) -> View:
    from .neurons import factors

    # The first token's massive activations would take a factor to themselves.
    exclude = [0] if trace.n_positions > _FACTORS else []
    return factors(trace, n=min(_FACTORS, trace.n_positions), exclude=exclude)


def _clusters(trace: Trace, _: Place) -> View:
    from .neurons import clusters

    return clusters(trace, n=min(_CLUSTERS, trace.n_positions))


def _walk(trace: Trace, place: Place) -> View:
    from .walk import walk

    return walk(trace, at=place.at, layer=place.layer)


def _walk_probe(trace: Trace, place: Place) -> object:
    return None if _live(trace) and not _among_others(trace) else _walk(trace, place)


def _among_others(trace: Trace) -> bool:
    """Whether its model's blocks hold other rows than the text's: a walk refuses these at once."""
    return bool(trace.source.anatomy.stream.layout.has_extra_rows)  # type: ignore[attr-defined]


def _anatomy(trace: Trace, _: Place) -> View:
    from .api import anatomy

    if not _live(trace):
        raise MissingError(
            f"the model {trace.card.name!r}", because="its parts are counted in its weights",
            fix="attach it: ct.open(path, model=lm), or --model on the command line",
        )  # fmt: skip
    return anatomy(trace.source)  # type: ignore[arg-type]


def _live(trace: Trace) -> bool:
    """Whether a model stands behind the trace, so that what is proven of it can be had."""
    return hasattr(trace.source, "anatomy")


#: Every section by name, in the order of the page.
SECTIONS: Mapping[str, Section] = {
    "lens": Section(
        "Logit lens", "What it guessed after each layer", "logit_lens", _lens, _lens_probe
    ),
    "race": Section(
        "Race", "How the candidates overtook each other", "watch", _race, _race, placed=True
    ),
    "saliency": Section("Saliency", "What it read", "saliency", _saliency, _saliency_probe),
    "attention": Section(
        "Attention", "Where it looked", "attention", _attention, _attention_probe,
        picture=attention_picture,
    ),
    "neurons": Section(
        "Neurons", "Which neurons fired", "neurons", _neurons, _firing_probe,
        picture=_neurons_picture,
    ),
    "factors": Section(
        "Factors", "Which neurons fired together", "factors", _factors, _firing_probe
    ),
    "clusters": Section(
        "Clusters", "Which neurons fire alike", "clusters", _clusters, _firing_probe
    ),
    "walk": Section(
        "Walk", "Step by step through one block", "walk", _walk, _walk_probe, placed=True
    ),
    "anatomy": Section("Anatomy", "What the model is made of", "anatomy", _anatomy, _anatomy),
}  # fmt: skip

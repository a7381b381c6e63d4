"""The explorer as a table: the candidates of the text that is looked at."""

from __future__ import annotations

from ..core.numbers import percent, quantity
from ..view.spec import Spec
from .tabular import Table

__all__ = ["drawn_words", "explore_table", "filters", "so_far"]

_SOURCE = 24


def explore_table(spec: Spec) -> Table:
    """A row per candidate: its probability, and the one after temperature, top-k and top-p."""
    words, at = spec.header["vocabulary"], spec.header["at"]
    names = [words[i] for i in spec.arrays["candidate_index"][at].tolist()]
    numbers = (spec.arrays[name].tolist() for name in ("probability", "drawn"))
    logits = spec.arrays["candidate_logit"][at].tolist()
    how = filters(spec)
    return Table(
        caption=f"What could come next after {'|'.join(so_far(spec)[-12:])}"
        + _from(spec)
        + (f"; drawn: with {how}" if how else ""),
        columns=("rank", "token", "probability", "drawn", "logit"),
        rows=tuple(
            (str(rank + 1), name, percent(share), drawn_words(drawn), quantity(logit))
            for rank, (share, drawn, name, logit) in enumerate(
                zip(*numbers, names[: spec.header["k"]], logits[: spec.header["k"]], strict=True)
            )
        ),
    )


def _from(spec: Spec) -> str:
    """The source of an encoder-decoder, as far as a caption has room for it."""
    read = spec.header["source"]
    if read is None:
        return ""
    return f", from {'|'.join(read[:_SOURCE])}" + ("|…" if len(read) > _SOURCE else "")


def drawn_words(drawn: float) -> str:
    """The probability that a candidate is drawn with; one that is taken out is "out"."""
    return "out" if drawn == 0 else percent(drawn)


def so_far(spec: Spec) -> list[str]:
    """The labels of all tokens of the text that is looked at."""
    nodes, at = spec.header["nodes"], spec.header["at"]
    labels: list[str] = []
    while at >= 0:
        labels = [*nodes[at]["labels"], *labels]
        at = nodes[at]["parent"]
    return labels


def filters(spec: Spec) -> str:
    """How a token would be drawn, where that is not from the plain probabilities."""
    header = spec.header
    plain = {"temperature": 1.0, "top_k": None, "top_p": None}
    used = [f"{name} {header[name]:g}" for name in plain if header[name] != plain[name]]
    return ", ".join(used).replace("_", "-")

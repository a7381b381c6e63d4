"""The explorer in the terminal: the candidates with bars, and what was drawn from this text."""

from __future__ import annotations

from collections.abc import Iterator

from rich.cells import cell_len
from rich.text import Text

from ..core.numbers import percent, quantity
from ..view.spec import Spec
from .table_explore import drawn_words, filters, so_far
from .text_candidates import bar
from .text_lens import fitted

__all__ = ["explore_text"]

_BAR, _WIDEST = 20, 24


def explore_text(spec: Spec, width: int | None) -> Iterator[Text]:
    """A line per candidate, then the continuations drawn from here, best first."""
    words, header = spec.header["vocabulary"], spec.header
    if header["source"] is not None:
        yield Text(f"source: {'|'.join(header['source'])}", style="dim")
    yield Text("|".join(so_far(spec)), style="bold")
    names = [words[i] for i in spec.arrays["candidate_index"][header["at"]].tolist()]
    names = names[: header["k"]]
    longest = max(map(cell_len, names))
    room = longest if width is None else min(longest, _WIDEST)
    how = filters(spec)
    for rank, name in enumerate(names):
        share, drawn = (float(spec.arrays[of][rank]) for of in ("probability", "drawn"))
        line = Text(f"{rank + 1:>4}  ", style="dim")
        line.append(fitted(name, room), style="bold")
        line.append(f"  {bar(share, _BAR)} ", style="yellow")
        line.append(percent(share).rjust(8))
        if how:
            line.append(f"  drawn {drawn_words(drawn)}", style="dim")
        yield line
    yield Text()
    if how:
        yield Text(f"drawn: the probability with {how}", style="dim")
    yield from _samples(spec)


def _samples(spec: Spec) -> Iterator[Text]:
    here = [each for each in spec.header["samples"] if each["node"] == spec.header["at"]]
    if not here:
        return
    yield Text("Drawn continuations, by mean log-probability of a token in nats", style="dim")
    for way in here[-1]["ways"]:
        line = Text(f"{quantity(way['mean']).rjust(8)}  ")
        line.append("".join(way["labels"]), style="bold")
        yield line
    yield Text()

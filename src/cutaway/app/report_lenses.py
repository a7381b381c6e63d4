"""The lenses of a report: each asked of its trace once, when it is wanted, or why it can't be."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from ..core.axes import read_position
from ..core.errors import CutawayError, MissingError, UnknownError
from ..core.progress import steps
from ..core.returned import give_back
from .report_crossed import EVERY, sections_of
from .report_sections import Place, Section

if TYPE_CHECKING:
    import xarray as xr

    from ..trace.trace import Trace
    from ..view.account_facts import Facts
    from .view import View

__all__ = ["CANDIDATES", "Lenses"]

#: Likeliest next tokens of each position.
CANDIDATES = 10
#: How many of them race.
_WATCHED = 5


class Lenses:
    """The sections of a trace by name.

    names  of EVERY, in the order of the page; None: all that such a trace has
    """

    def __init__(self, trace: Trace, names: Sequence[str] | None) -> None:
        own = sections_of(trace)
        self.trace, self.names = trace, tuple(own if names is None else names)
        self.sections: dict[str, Section] = {**EVERY, **own}
        self._views: dict[str, View] = {}
        self._refused: dict[str, str] = {}
        self._saliencies: dict[int, xr.Dataset] = {}

    @cached_property
    def next_tokens(self) -> xr.Dataset:
        """What the model says at each position; of a trace that can't tell, the tokens alone."""
        from ..lens.top_tokens import top_tokens

        try:
            return top_tokens(self.trace, min(CANDIDATES, self.trace.card.vocab_size))
        except CutawayError as error:
            self._refused |= {name: str(error) for name in ("lens", "race")}
            return top_tokens(self.trace, 0)

    @property
    def held_bytes(self) -> int:
        """Bytes that the views asked so far hold."""
        return sum(view._held_bytes for view in list(self._views.values()))

    @cached_property
    def place(self) -> Place:
        """Where a report opens: what produced the first output, the first mask, or the end."""
        from ..lens.position import mask_positions

        T, n_prompt = self.trace.n_positions, self.trace.n_prompt
        if (first := next(iter(mask_positions(self.trace)), None)) is not None:
            return self.at(first)
        return self.at(n_prompt - 1 if 0 < n_prompt < T else T - 1)

    def at(self, position: object, layer: int | None = None) -> Place:
        """A position: who races there, and the block after which its top token stays on top."""
        from ..view.sentences import stays_from

        at = read_position(position, self.trace.n_positions, "at")
        if not self.next_tokens.sizes["k"]:
            return Place(at, 0 if layer is None else layer, ())
        tops = self.next_tokens["token_id"].values[at, :_WATCHED].tolist()
        came = int(self.next_tokens["next_id"].values[at])
        if layer is None:
            by_layer = self._by_layer(at)
            layers = [int(number) for number in by_layer["layer"].values]
            layer = max(0, stays_from(by_layer["token_id"].values[:, 0], layers) or 0)
        return Place(at, layer, tuple(dict.fromkeys([*tops, *([came] if came >= 0 else [])])))

    def view(self, name: str) -> View:
        """The view of a section. Raises UnknownError, and MissingError where it can't be had."""
        if name not in self.names:
            raise UnknownError("section", name, allowed=self.names)
        if self.missing(name) is None and name not in self._views:
            try:
                self._views[name] = self.sections[name].ask(self.trace, self.place)
            except CutawayError as error:
                self._refused[name] = str(error)
            give_back()  # of a long text each lens takes gigabytes while it is asked
        if name in self._refused:
            raise MissingError(f"the section {name!r}", because=self._refused[name])
        return self._views[name]

    def at_place(self, name: str, place: Place) -> View:
        """The view of a section that shows one position, at another one."""
        if name not in self._placed:
            raise UnknownError("section of one position", name, allowed=self._placed)
        return self.sections[name].ask(self.trace, place)

    def missing(self, name: str) -> str | None:
        """Why a section can't be had, found out at little cost; None where it can."""
        place = self.place
        if name not in self._views and name not in self._refused:
            try:
                self.sections[name].probe(self.trace, place)
            except CutawayError as error:
                self._refused[name] = str(error)
        return self._refused.get(name)

    def available(self) -> dict[str, View]:
        """The view of every section that can be had; a bar counts them where that takes long."""
        found = {}
        for name in steps(self.names, "asking every lens"):
            try:
                found[name] = self.view(name)
            except MissingError:
                continue  # the page says why
        return found

    def facts(self) -> Facts:
        """What is known of every position, all sections asked."""
        return self._facts({name: view.data for name, view in self.available().items()})

    def facts_at(self, at: int) -> Facts:
        """What is known of one position; factors only where they have been asked for already."""
        found = {name: view.data for name, view in self._views.items()}
        there = [name for name in self.names if self.missing(name) is None]
        shift = self.trace.card.shift
        if "lens" in there and "lens" not in found:
            found["lens"] = self._by_layer(at)
        if self.trace.card.task:
            found |= {n: self.view(n).data for n in ("classes", "saliency") if n in there}
        elif "saliency" in there and (
            "saliency" not in found or at + shift not in found["saliency"]["target"].values
        ):
            found["saliency"] = self._saliency(at + shift)
        if "attention" in there:
            found["attention"] = self.view("attention").data
        if "alignment" in there:
            found["alignment"] = self.view("alignment").data
        return self._facts(found, there)

    def _facts(self, found: dict[str, xr.Dataset], there: Sequence[str] | None = None) -> Facts:
        from ..view.account_facts import Facts

        return Facts(
            next_tokens=self.next_tokens, by_layer=found.get("lens"),
            strongest_attention=self._strongest_attention if "attention" in found else None,
            saliency=found.get("saliency"), factors=found.get("factors"),
            alignment=found.get("alignment"), classes=found.get("classes"),
            sections=frozenset(found if there is None else there),
            places=dict.fromkeys(self._placed, self.place.at),
        )  # fmt: skip

    @property
    def _placed(self) -> list[str]:
        """The sections whose picture is of one position."""
        return [name for name in self.names if self.sections[name].placed]

    def _saliency(self, target: int) -> xr.Dataset:
        """Of one target alone; each is computed once."""
        from ..lens.saliency import saliency

        if target not in self._saliencies:
            self._saliencies[target] = saliency(self.trace, targets=target)
        return self._saliencies[target]

    @cached_property
    def _strongest_attention(self) -> xr.Dataset:
        from ..lens.strongest_attention import strongest_attention

        return strongest_attention(self.view("attention").data)

    def _by_layer(self, at: int) -> xr.Dataset:
        from ..lens.predictions import predictions

        return predictions(self.trace, at=at, k=1)

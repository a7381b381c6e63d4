"""The verb of the report: all lenses of a trace on one page, linked."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..core.axes import as_list, read_position, read_whole
from ..core.choices import read_choice
from ..core.errors import InvalidError, UnknownError
from ..core.terminal import harmless
from .export import check_json
from .report_crossed import EVERY
from .report_lenses import Lenses
from .view import View

if TYPE_CHECKING:
    import xarray as xr

    from ..trace.trace import Trace
    from ..view.account_facts import Line
    from ..view.spec import Spec

__all__ = ["PART", "Report", "read_names", "report"]

#: The most bytes of a section that one answer holds; a notebook cuts what is longer.
PART = 4_000_000
_SUFFIXES = (".html", ".json")

Bytes = NDArray[np.uint8]


class Report(View):
    """All lenses of a trace: each computed once, when it is wanted, and told of by position."""

    def __init__(self, trace: Trace, names: Sequence[str] | None) -> None:
        self._lenses = Lenses(trace, names)

    def __getitem__(self, name: str) -> View:
        """One of its lenses, as a view by itself.

        >>> report["saliency"].save("saliency.csv")  # doctest: +SKIP
        PosixPath('saliency.csv')

        Raises UnknownError for another name, MissingError saying why where it can't be had.
        """
        return self._lenses.view(name)

    @cached_property
    def data(self) -> xr.DataTree:  # type: ignore[override]  # many datasets, not one
        """The datasets of all lenses that can be had, by name: all are computed by this."""
        return self._tree({name: view.data for name, view in self._lenses.available().items()})

    @property
    def missing(self) -> dict[str, str]:
        """Lenses that can't be had of this trace, each with the reason in words."""
        reasons = {name: self._lenses.missing(name) for name in self._lenses.names}
        return {name: why for name, why in reasons.items() if why is not None}

    def account(self, at: int = -1) -> str:
        """What every lens says of a position, in sentences.

        >>> print(report.account(-1))  # doctest: +SKIP
        After ·is the model says ·Paris with 77.3 %; the runner-up is ·the with 4.12 %.
        ...

        at  the position that is read, negative from the end; what it says is the token after it
        """
        return harmless("\n".join("".join(run[1] for run in line) for line in self._account(at)))

    @cached_property
    def spec(self) -> Spec:
        """The whole page: every section, and an account of every position."""
        from ..view.account import account

        sections = self._lenses.sections
        found = {name: sections[name].picture(v) for name, v in self._lenses.available().items()}
        facts = self._lenses.facts()
        told = [account(facts, at) for at in range(self._lenses.trace.n_positions)]
        return self._spec(told[self._lenses.place.at], told, found)

    @cached_property
    def _live_spec(self) -> Spec:
        """The page where Python is at hand: it asks for its sections and accounts."""
        return self._spec(self._account(self._lenses.place.at), None, {})

    @property
    def _text_spec(self) -> Spec:
        """A terminal prints the opening account: no section is computed for it."""
        return self._live_spec

    @property
    def _file_data(self) -> xr.DataTree:  # type: ignore[override]  # as `data`
        """What the files of each lens hold, by name: of attention the figures, not the weights."""
        return self._tree(
            {name: view._file_data for name, view in self._lenses.available().items()}
        )

    @property
    def _held_bytes(self) -> int:
        """Of its page and of every lens that was asked."""
        return super()._held_bytes + self._lenses.held_bytes

    def _tree(self, datasets: Mapping[str, xr.Dataset]) -> xr.DataTree:
        import xarray as xr

        tree = xr.DataTree.from_dict(dict(datasets))
        tree.attrs.update(self._lenses.next_tokens.attrs)  # which model, which text
        return tree

    def json(self) -> str:
        """Every account, and the numbers of every lens as it saves them by itself."""
        header, views = self.spec.header, self._lenses.available()
        check_json(
            (view._file_data for view in views.values()),
            "choose fewer lenses, save one of them as .nc",
        )
        told = ("title", "provenance", "notes", "opens_at", "sections", "inputs", "accounts")
        whole = {name: header[name] for name in told} | {
            "lenses": {name: json.loads(view.json()) for name, view in views.items()}
        }
        return json.dumps(whole, ensure_ascii=False, allow_nan=False) + "\n"

    def _spec(
        self, opening: list[Line], accounts: list[list[Line]] | None, pictures: dict[str, Spec]
    ) -> Spec:
        from ..view.report import report_spec

        return report_spec(
            self._lenses.next_tokens, opens_at=self._lenses.place.at, opening=opening,
            sections=[self._listed(name) for name in self._lenses.names], accounts=accounts,
            pictures=pictures,
        )  # fmt: skip

    def _listed(self, name: str) -> dict[str, Any]:
        section = self._lenses.sections[name]
        return {
            "name": name, "title": section.title, "question": section.question,
            "kind": section.kind, "at": self._lenses.place.at if section.placed else None,
            "missing": self._lenses.missing(name),
        }  # fmt: skip

    def _account(self, at: object) -> list[Line]:
        from ..view.account import account

        position = read_position(at, self._lenses.trace.n_positions, "at")
        return account(self._lenses.facts_at(position), position)

    def answer(self, question: Mapping[str, Any]) -> NDArray[Any]:
        """What the page asks for: an account, a section, a part of one, or a section's question.

        Raises UnknownError for another question, and what the section raises.
        """
        what, asked = question.get("what"), dict(question)
        if what == "account":
            lines = self._account(asked.get("at"))
            return np.frombuffer(json.dumps(lines).encode(), np.uint8)
        if "section" not in asked:
            raise UnknownError("question", what, allowed=["account", "section", "chunk"])
        name = asked.pop("section")
        if what == "section":
            return self._section(name, asked)
        view = self[name]
        if what == "chunk":
            return _chunk(view._live_spec, asked.get("array"), asked.get("index"))
        if view.answer is None:
            raise UnknownError("question", what, allowed=["section", "chunk"])
        return view.answer(asked)

    def _section(self, name: str, asked: Mapping[str, Any]) -> Bytes:
        """A section as a packet, or PART bytes of it; `at` and `layer` move what has one place."""
        from ..render.packet import packet

        if asked.get("at") is None:
            view = self[name]
        else:
            view = self._lenses.at_place(name, self._lenses.at(asked["at"], asked.get("layer")))
        whole = np.frombuffer(packet(view._live_spec), np.uint8)
        if "part" not in asked:
            return whole
        start = PART * read_whole("part", asked["part"], 0)
        return whole[start : start + PART]

    def save(self, path: str | Path) -> Path:
        """Write the page (.html), or every number and account (.json); returns the path.

        Raises InvalidError for another suffix: one lens has them all, report["lens"].save(...).
        """
        if Path(path).suffix.lower() not in _SUFFIXES:
            raise InvalidError(
                "suffix of a report", Path(path).suffix, allowed=", ".join(_SUFFIXES),
                fix='save one of its lenses: report["lens"].save(...), or its numbers: '
                'report.data["lens"]',
            )  # fmt: skip
        return super().save(path)


def _chunk(spec: Spec, array: Any, index: Any) -> Bytes:
    """A chunk of one of the arrays that a section has for later."""
    if array not in spec.later:
        raise UnknownError("array", array, allowed=spec.later)
    return np.frombuffer(spec.chunk(array, read_whole("index", index, 0)), np.uint8)


def report(trace: Trace, lenses: Iterable[str] | None = None) -> Report:
    """All lenses of a trace on one page, with one selection of token, layer and head.

    >>> import cutaway as ct
    >>> trace = ct.load().generate("The capital of France is", max_new_tokens=4)  # doctest: +SKIP
    >>> ct.report(trace).save("report.html")  # doctest: +SKIP
    PosixPath('report.html')

    lenses  which, in this order, of lens, race, saliency, attention, neurons, factors, clusters,
            experts (of a mixture), walk, anatomy, and of an encoder-decoder alignment, cross and
            encoder (attention); None for all

    Its `.data` is an xarray.DataTree of the lenses' datasets; `report["lens"]` is one of them as a
    view of its own; `.missing` says why a lens can't be had of this trace; `.account(at)` tells of
    a position in sentences. Saved as .html it is whole, and opens offline; as .json it has every
    number. Raises UnknownError for a lens it does not have.
    """
    return Report(trace, read_names(lenses))


def read_names(lenses: Iterable[str] | None) -> list[str] | None:
    """Names of sections; None for all that a trace has."""
    if lenses is None:
        return None
    names = [read_choice("lens of a report", name, EVERY) for name in as_list(lenses)]
    if not names or len(set(names)) != len(names):
        raise InvalidError("lenses", lenses, allowed="one or more different names")
    return names

"""`cutaway runs compare`: `cutaway compare` with runs of the store for A and B."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..core.errors import InvalidError
from . import cli_comparing

if TYPE_CHECKING:
    from .runs.run import Run
    from .runs.store import Runs

__all__ = ["ID", "compare", "store_of"]

ID = "A run's id, or its first digits."


def store_of(context: typer.Context) -> Runs:
    """The store that --folder names, or the user's own."""
    from .runs.store import runs as opened

    return opened(context.obj)


def compare(**given: Any) -> None:
    """Two runs under one lens, with every flag of `cutaway compare`."""
    store = store_of(given.pop("context"))
    first, second = store.get(given["a"]), store.get(given["b"])
    if first.id == second.id:
        raise InvalidError("pair of runs", (given["a"], given["b"]), allowed="two different runs")
    paths = {"a": str(store.path(first.id)), "b": str(store.path(second.id))}
    names = given["names"] or _named(first, second)
    cli_comparing.compare(**given | paths | {"names": names})


def _id(metavar: str) -> Any:
    return Annotated[str, typer.Argument(metavar=metavar, help=ID)]


def _as_compare() -> inspect.Signature:
    """The arguments of `cutaway compare`, but ids for A and B, which are called by their names."""
    own: dict[str, tuple[Any, Any]] = {
        "context": (typer.Context, inspect.Parameter.empty),
        "a": (_id("A"), inspect.Parameter.empty), "b": (_id("B"), inspect.Parameter.empty),
        "names": (Annotated[str | None, typer.Option(help="[default: their own]")], None),
    }  # fmt: skip
    first = inspect.Parameter("context", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    others = inspect.signature(cli_comparing.compare).parameters.values()
    return inspect.Signature([
        one.replace(annotation=own[one.name][0], default=own[one.name][1])
        if one.name in own else one
        for one in (first, *others)
    ])  # fmt: skip


compare.__signature__ = _as_compare()  # type: ignore[attr-defined]
compare.__annotations__ = {
    one.name: one.annotation for one in _as_compare().parameters.values()
} | {"return": None}


def _named(a: Run, b: Run) -> str:
    """What two runs are called in a comparison: by their names where these tell them apart."""
    names = [run.id[:8] if "," in run.name else run.name.strip() or run.id[:8] for run in (a, b)]
    return ",".join(names if names[0] != names[1] else (a.id, b.id))

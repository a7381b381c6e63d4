"""`cutaway runs`: the store of runs from the command line."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from ..core.errors import InvalidError
from ..core.files import check_target
from ..core.terminal import encodable_json, harmless_json
from .cli_runs_compare import ID, compare, store_of
from .options import Generation, ModelChoice, Reading, verb
from .reading import traced
from .runs.run import read_name, read_tags

__all__ = ["runs"]

#: The group of verbs.
runs = typer.Typer(rich_markup_mode=None)

_Id = Annotated[str, typer.Argument(metavar="ID", help=ID)]
_Ids = Annotated[list[str], typer.Argument(metavar="ID...", help="Ids, or their first digits.")]
_Json = Annotated[bool, typer.Option("--json", help="Print it as JSON.")]
_Words = list[str] | None


@runs.callback(invoke_without_command=True)
def choose(
    context: typer.Context,
    folder: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the runs are. [env: CUTAWAY_RUNS]")
    ] = None,
) -> None:
    """The store of runs: keep traces, find them, compare them."""
    context.obj = folder
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@runs.command("list")
def list_runs(
    context: typer.Context,
    search: Annotated[
        str | None, typer.Option(help="A text in name, tags, text, model or id.")
    ] = None,
    tag: Annotated[str | None, typer.Option(help="With this tag.")] = None,
    limit: Annotated[int | None, typer.Option(min=0, help="So many of the newest.")] = None,
    offset: Annotated[int, typer.Option(min=0, help="Leave so many of the newest out.")] = 0,
    as_json: _Json = False,
) -> None:
    """The runs, the newest first."""
    from .runs.listing import listed

    store = store_of(context)
    found = store.list(search, tag, limit, offset)
    if as_json:
        typer.echo(_written([run.to_json() for run in found]))
    elif found:
        wide = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        typer.echo(listed(found, wide, colour=wide is not None), nl=False)
    typer.echo(f"{len(found)} of {store.count()} runs in {store.folder}", err=True)


@runs.command()
def show(context: typer.Context, run: _Id, as_json: _Json = False) -> None:
    """What is known of one run, and where its file is."""
    from .runs.listing import facts

    store = store_of(context)
    found, path = store.get(run), store.path(run)
    if as_json:
        typer.echo(_written(found.to_json() | {"path": str(path)}))
        return
    for name, words in (*facts(found), ("file", str(path))):
        typer.echo(f"{name:<8} {words}")


@runs.command()
@verb
def add(
    context: typer.Context,
    choice: ModelChoice,
    generation: Generation,
    reading: Reading,
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="A trace file.", show_default=False)
    ] = None,
    prompt: Annotated[str | None, typer.Option(help="Or a text for the model to read.")] = None,
    name: Annotated[str | None, typer.Option(help="What it is called.")] = None,
    tag: Annotated[_Words, typer.Option(help="A word to find it by; may be given again.")] = None,
    keep: Annotated[
        _Words,
        typer.Option(
            metavar="NAME",
            help="Of a prompt, beside states and lens: neurons, inside, experts, attention, "
            "all; may be given again.",
        ),
    ] = None,
) -> None:
    """Keep a trace file, or the trace of a prompt; prints the run's id."""
    if (file is None) == (prompt is None):
        raise InvalidError("run to add", file and str(file), allowed="FILE or --prompt TEXT")
    if file is not None and (keep or generation.wanted or choice.given() or reading.given()):
        raise InvalidError("options of a FILE", str(file), allowed="--name and --tag only")
    read_name(name or ""), read_tags(tag or ())  # refused before a model is loaded
    store = store_of(context)
    if file is not None:
        found = store.add_file(file, name, tag or ())
    else:
        kept = "all" if "all" in (keep or ()) else ("lens", *(keep or ()))
        trace = traced(str(prompt), choice, reading, generation, kept)
        found = store.add(trace, name, tag or ())
    typer.echo(found.id)


runs.command()(compare)


@runs.command()
def export(
    context: typer.Context,
    run: _Id,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A name ending in .trace.")],
) -> None:
    """Copy a run's trace file."""
    if not file.name.endswith(".trace"):
        raise InvalidError("file to export to", str(file), allowed="a name ending in .trace")
    check_target(file)
    typer.echo(f"wrote {store_of(context).export(run, file)}", err=True)


@runs.command()
def tag(
    context: typer.Context,
    run: _Id,
    tags: Annotated[list[str], typer.Argument(metavar="TAG...", help="Words to find it by.")],
    remove: Annotated[bool, typer.Option("--remove", help="Take them away instead.")] = False,
) -> None:
    """Give a run tags, or take them away."""
    from .runs.listing import line

    store = store_of(context)
    has = store.get(run).tags
    left = [one for one in has if one not in tags]
    changed = store.change(run, tags=left if remove else [*has, *tags])
    typer.echo(f"{changed.id} {', '.join(map(line, changed.tags))}".rstrip())


@runs.command()
def name(
    context: typer.Context,
    run: _Id,
    name: Annotated[str, typer.Argument(metavar="NAME", help='"" takes its name away.')],
) -> None:
    """Give a run another name."""
    typer.echo(store_of(context).change(run, name=name).id)


@runs.command()
def rm(context: typer.Context, run: _Ids) -> None:
    """Delete runs; there is no way back."""
    store = store_of(context)
    # All are found before the first is gone.
    for found in [store.get(one) for one in run]:
        store.remove(found.id)
        typer.echo(f"removed {found.id}", err=True)


@runs.command()
def rebuild(context: typer.Context) -> None:
    """Make the index again from the files."""
    store = store_of(context)
    typer.echo(f"{store.rebuild()} runs in {store.folder}")
    for words in store.passed_over:
        typer.echo(f"passed over: {words}", err=True)


def _written(values: Any) -> str:
    text = harmless_json(json.dumps(values, ensure_ascii=False, indent=1))
    return encodable_json(text, getattr(sys.stdout, "encoding", None))

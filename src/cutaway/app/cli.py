"""The command line: the same verbs as in Python, found in one table.

A verb is a function in a module that imports nothing heavy, so that --help answers at once.
"""

from __future__ import annotations

import errno
import io
import os
import sys
import traceback
from contextlib import suppress
from importlib import import_module
from typing import Annotated, Any

import typer

from .. import __version__
from ..core.errors import CutawayError
from ..core.terminal import harmless

__all__ = ["VERBS", "app", "main"]

#: Verb -> where its function is, in the order of --help. A new verb is one row here.
VERBS = {
    "look": "cli_look:look",
    "lens": "cli_lens:lens",
    "predictions": "cli_lens:predictions",
    "saliency": "cli_saliency:saliency",
    "classes": "cli_classifying:classes",
    "watch": "cli_racing:watch",
    "pairs": "cli_racing:pairs",
    "neurons": "cli_firing:neurons",
    "clusters": "cli_firing:clusters",
    "factors": "cli_firing:factors",
    "experts": "cli_routing:experts",
    "attention": "cli_looking:attention",
    "compare": "cli_comparing:compare",
    "walk": "cli_walking:walk",
    "explore": "cli_exploring:explore",
    "embed": "cli_embedding:embed",
    "anatomy": "cli_anatomy:anatomy",
    "report": "cli_reporting:report",
    "runs": "cli_runs:runs",
    "serve": "cli_serving:serve",
    "doctor": "doctor:doctor",
    "demo": "demo:demo",
}
#: What typer raises for a wrong option; older versions have it in click, newer ones inside.
_UsageError: type[Exception] = typer.BadParameter.__mro__[1]
_REFUSED = 2
_INTERRUPTED = 130
#: What a disk or a device behind stdout answers.
_UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF)


def main(arguments: list[str] | None = None) -> None:
    """Run one verb and exit: 0, 2 after an error in one or two lines, 130 after Ctrl-C."""
    given = sys.argv[1:] if arguments is None else arguments
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a token may hold what the terminal can't show
    debug, given = _take_debug(given or ["--help"])
    try:
        code = app(given, prog_name="cutaway", standalone_mode=False)
        if sys.stdout is not None:  # closed by who called
            sys.stdout.flush()
    except (typer.Abort, KeyboardInterrupt):
        code = _INTERRUPTED
    except BrokenPipeError:
        code = 1  # whoever read stdout has gone
    except Exception as problem:
        if debug:
            traceback.print_exc()
        with suppress(OSError):  # stderr may be gone, too
            typer.echo(harmless(_in_words(problem, debug)), err=True)
        code = _REFUSED
    _let_go()
    sys.exit(code)


def _let_go() -> None:
    """Where stdout can't be written any more, Python must not complain when it closes it."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"cutaway {__version__}")
        raise typer.Exit


def _common(
    version: Annotated[
        bool, typer.Option("--version", help="Print it.", callback=_say_version, is_eager=True)
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Shows how a transformer language model came by each token."""


def _take_debug(arguments: list[str]) -> tuple[bool, list[str]]:
    """Whether --debug is given, and the rest; it may stand anywhere before a "--"."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    options = [argument for argument in arguments[:end] if argument != "--debug"]
    return len(options) < end, options + arguments[end:]


def _in_words(problem: Exception, debug: bool) -> str:
    if isinstance(problem, CutawayError):
        return f"cutaway: {problem}"
    if isinstance(problem, _UsageError):
        return f"cutaway: {_usage(problem)}"
    if isinstance(problem, MemoryError):
        return f"cutaway: missing memory: {problem}; take a shorter text, or fewer layers"
    if isinstance(problem, OSError) and problem.errno in _UNWRITABLE:
        words = f"{problem.strerror}".lower()
        return f"cutaway: the output can't be written: {words}; write it elsewhere"
    hint = "" if debug else "\nthis is a mistake in cutaway; --debug shows where"
    return f"cutaway: {type(problem).__name__}: {problem}{hint}"


def _usage(problem: Any) -> str:
    """What typer says of a wrong line, and where its words are explained."""
    words, context = problem.format_message(), problem.ctx
    return words if context is None else f"{words.rstrip('.')}; see {context.command_path} --help"


#: The command line with every verb of the table.
app = typer.Typer(add_completion=False, rich_markup_mode=None)
app.callback()(_common)
for _name, _home in VERBS.items():
    _module, _, _function = _home.partition(":")
    _verb = getattr(import_module(f".{_module}", __package__), _function)
    if isinstance(_verb, typer.Typer):  # a group of verbs
        app.add_typer(_verb, name=_name)
        continue
    # Given as it is, the line is not cut: the list shows what the verb's own help begins with.
    app.command(_name, short_help=_verb.__doc__.partition("\n")[0])(_verb)

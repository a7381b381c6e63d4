"""`cutaway serve`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from .options import ModelChoice, verb

__all__ = ["serve"]

_OPEN = """this server can be reached from other machines.
Whoever has its address or password can use your models, and read, change and delete your runs;
what goes to and fro is not encrypted, so others in the network can read it, token and all."""


@verb
def serve(
    choice: ModelChoice,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Where to listen; 0 takes any free port.")
    ] = 0,
    host: Annotated[
        str, typer.Option(help="Another address needs --password or --trust-network.")
    ] = "127.0.0.1",
    runs: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="The store of runs. [default: the user's]")
    ] = None,
    budget: Annotated[
        float | None,
        typer.Option(metavar="GB", help="Of weights held at once. [default: half of the memory]"),
    ] = None,
    models: Annotated[
        list[Path] | None,
        typer.Option(metavar="FOLDER", help="The page may load the models in it; repeatable."),
    ] = None,
    open_browser: Annotated[
        bool, typer.Option("--open", help="Open the page in the browser.")
    ] = False,
    password: Annotated[
        str | None,
        typer.Option(
            envvar="CUTAWAY_PASSWORD", show_envvar=True, help="Lets in without the token."
        ),
    ] = None,
    trust_network: Annotated[
        bool, typer.Option("--trust-network", help="Listen elsewhere without a password.")
    ] = False,
    name: Annotated[
        list[str] | None,
        typer.Option(metavar="HOST", help="A host name it may be called by; repeatable."),
    ] = None,
) -> None:
    """The local web app; prints its address, and runs until Ctrl-C."""
    from .serving import LOCAL, ServerOptions, bind_server

    # Read when torch is loaded: its threads sleep while they wait for each other. Where other work
    # shares the cores, those that spin instead answered a tenth of the prompts (docs/app.md).
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

    options = ServerOptions(
        port, host, runs, budget, models or (), password, trust_network, name or ()
    )
    bound = bind_server(options)
    typer.echo(bound.settings.url)
    sys.stdout.flush()
    if host not in LOCAL:
        typer.echo(_OPEN, err=True)
    if open_browser:
        typer.launch(bound.settings.url_once)
    # The page shows what is being loaded; bars in the terminal would hide the address.
    os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
    server = bound.server(choice.device)
    own = ("device_map", "trust_remote_code")
    load_options: dict[str, Any] = {
        name: value for name, value in choice.given().items() if name in own
    }
    server.service.models.add(
        choice.model, revision=choice.revision, dtype=choice.dtype, load_options=load_options
    )
    server.run_until_stopped()
    # Threads in the middle of a long computation would hold up the end of Python.
    os._exit(0)

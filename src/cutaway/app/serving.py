"""The verb that serves: a local web app over models and runs."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.errors import InvalidError, MissingError
from ..core.home import expanded

if TYPE_CHECKING:
    import socket

    from ..model.lm import LM
    from .runs.store import Runs
    from .server.graceful_server import GracefulServer
    from .server.settings import Settings

__all__ = ["LOCAL", "BoundServer", "RunningServer", "ServerOptions", "bind_server", "serve"]

LOCAL = ("127.0.0.1", "localhost", "::1")
_GB = 1_000_000_000


class RunningServer:
    """A server that runs in the background of a notebook or a script.

    >>> app = ct.serve(lm)  # doctest: +SKIP
    >>> app.url  # doctest: +SKIP
    'http://127.0.0.1:40123/?token=…'
    >>> app.stop()  # doctest: +SKIP
    """

    def __init__(self, server: GracefulServer) -> None:
        self._server = server
        self._thread = threading.Thread(
            target=server.run_until_stopped, name="cutaway serve", daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        """The address to open; who has it may use the server."""
        return self._server.service.settings.url

    def stop(self) -> None:
        """End the server; a run in the making has some seconds to finish."""
        self._server.stop()
        self._thread.join()

    def __repr__(self) -> str:
        return f"RunningServer({self.url!r}{'' if self._thread.is_alive() else ', stopped'})"


def serve(
    lm: LM | None = None,
    *,
    port: int = 0,
    host: str = "127.0.0.1",
    runs: str | Path | None = None,
    budget: float | None = None,
    models: Sequence[str | Path] = (),
    password: str | None = None,
    trust_network: bool = False,
    names: Sequence[str] = (),
) -> RunningServer:
    """The local web app: type a prompt, watch it being answered, open the report of any run.

    >>> import cutaway as ct
    >>> app = ct.serve(ct.load())  # doctest: +SKIP
    >>> app.url  # doctest: +SKIP
    'http://127.0.0.1:40123/?token=…'

    lm             the first model of its list; None loads the embedded one
    port           where it listens, 0 for any free port
    host           an address of this machine; another than 127.0.0.1 needs a password, or
                   trust_network=True
    runs           the folder of the store, as for ct.runs
    budget         gigabytes of weights that are held at once; by default half of the memory
    models         folders whose models the page may name
    password       asked of who has not the address with its token, at least 8 characters
    trust_network  let everybody in the network read what goes to and fro: there is no encryption
    names          host names under which it may be called, beside addresses

    It listens when this returns, and runs in the background until `.stop()`, or until Python ends.
    Raises InvalidError for an address that can't be had or needs a password, MissingError where
    the extra `app` is not installed.
    """
    options = ServerOptions(port, host, runs, budget, models, password, trust_network, names)
    server = bind_server(options).server()
    if lm is None:
        server.service.models.add(None)
    else:
        server.service.models.add_loaded(lm)
    return RunningServer(server)


@dataclass(frozen=True)
class ServerOptions:
    """The arguments of `serve`, as its user gave them."""

    port: int = 0
    host: str = "127.0.0.1"
    runs: str | Path | None = None
    budget: float | None = None
    models: Sequence[str | Path] = ()
    password: str | None = None
    trust_network: bool = False
    names: Sequence[str] = ()


@dataclass(frozen=True)
class BoundServer:
    """Where a server will answer: browsers can connect, and wait until it runs."""

    settings: Settings
    listener: socket.socket
    runs: Runs

    def server(self, device: str | None = None) -> GracefulServer:
        """The server, without models yet."""
        from .server.graceful_server import GracefulServer
        from .server.service import Service

        return GracefulServer(Service(self.settings, self.runs, device), self.listener)


def bind_server(options: ServerOptions) -> BoundServer:
    """Everything checked, and a socket that listens; the packages of the server come later."""
    _check_packages()
    from .runs.store import runs as store
    from .server.listening_socket import listening_socket
    from .server.password import Password
    from .server.settings import Settings

    host, password = options.host, options.password
    if host not in LOCAL and password is None and not options.trust_network:
        raise InvalidError(
            "host", host, allowed=", ".join(LOCAL), fix="others in the network could use your "
            "models and read your runs: give a password, or say that you trust the network",
        )  # fmt: skip
    hashed = None if password is None else Password.of(password)
    folders = tuple(_folder(each) for each in options.models)
    budget, runs = _bytes(options.budget), store(options.runs)
    listener = listening_socket(host, options.port)
    settings = Settings(
        host=host, port=listener.getsockname()[1], budget=budget, names=tuple(options.names),
        folders=folders, password=hashed,
    )  # fmt: skip
    return BoundServer(settings, listener, runs)


def _check_packages() -> None:
    for package in ("fastapi", "uvicorn"):
        if find_spec(package) is None:
            raise MissingError(
                package, because="it is not installed", fix="pip install 'cutaway[app]'"
            )


def _folder(path: str | Path) -> Path:
    folder = expanded(path, "give the whole path")
    if not folder.is_dir():
        raise InvalidError("folder of models", str(path), allowed="an existing folder")
    return folder.resolve()


def _bytes(gigabytes: float | None) -> int:
    """The budget; half of the machine's memory unless said."""
    if gigabytes is None:
        if not hasattr(os, "sysconf"):
            return 8 * _GB
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    if not 0 < gigabytes < 1e6:
        raise InvalidError("budget", gigabytes, allowed="gigabytes, above 0")
    return int(gigabytes * _GB)

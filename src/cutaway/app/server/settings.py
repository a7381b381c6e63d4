"""What a server is started with: where it listens, who may enter, how much it takes."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from pathlib import Path

from .password import Password

__all__ = ["Limits", "Settings"]


@dataclass(frozen=True)
class Limits:
    """How much is taken, in bytes and seconds.

    upload             of a trace file
    body               of any other request's body
    text               of a prompt
    trace              that recording one prompt may hold
    waiting            pieces of work that may wait for one model
    views              how many are held, so that their questions are answered by the same one
    view_bytes         that they may hold together
    unwatched_timeout  how long a job without a listener goes on
    shutdown_timeout   how long a stopping server lets running work finish
    body_timeout       how long a body that is not all here may pause
    """

    upload: int = 1_000_000_000
    body: int = 1_000_000
    text: int = 200_000
    trace: int = 1_000_000_000
    waiting: int = 32
    views: int = 12
    view_bytes: int = 1_000_000_000
    unwatched_timeout: float = 5.0
    shutdown_timeout: float = 5.0
    body_timeout: float = 30.0


@dataclass(frozen=True)
class Settings:
    """How a server was started.

    host, port  where it listens
    token       what the printed address carries
    once        what opens a browser, once: a command line can be read by all users of a machine
    cookie      the value of the cookie that stands for it
    password    needed beside the token's address, None for none
    names       host names under which it may be called, beside addresses and localhost
    folders     whose models the page may name
    budget      bytes of weights that may be held at once
    """

    host: str
    port: int
    budget: int
    password: Password | None = None
    names: tuple[str, ...] = ()
    folders: tuple[Path, ...] = ()
    limits: Limits = field(default_factory=Limits)
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    once: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    cookie: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)

    @property
    def address(self) -> str:
        """Where a browser finds it, without the token."""
        return f"http://{_in_address(self.host)}:{self.port}/"

    @property
    def url(self) -> str:
        """The address that lets its user in."""
        return f"{self.address}?token={self.token}"

    @property
    def url_once(self) -> str:
        """The address that lets the first who asks for it in."""
        return f"{self.address}?token={self.once}"

    @property
    def cookie_name(self) -> str:
        """Cookies are of a host, not of a port: several servers must not share one."""
        return f"cutaway_{self.port}"


def _in_address(host: str) -> str:
    """Everywhere (0.0.0.0, ::) is reached as localhost; an IPv6 address stands in brackets."""
    if host in ("0.0.0.0", "::"):
        return "127.0.0.1" if host == "0.0.0.0" else "[::1]"
    return f"[{host}]" if ":" in host else host

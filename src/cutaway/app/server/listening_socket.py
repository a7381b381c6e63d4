"""A socket that listens before anything else is loaded."""

from __future__ import annotations

import errno
import socket
import sys

from ...core.errors import InvalidError

__all__ = ["listening_socket"]


def listening_socket(host: str, port: int) -> socket.socket:
    """A socket that listens: browsers can connect before anything is loaded. port 0: any free one.

    Raises InvalidError where the address can't be had.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        made = socket.socket(family, socket.SOCK_STREAM)
    except OSError as problem:
        raise InvalidError(
            "host", host, allowed=f"an address of this machine ({problem})"
        ) from None
    try:
        if sys.platform != "win32":
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
        made.listen(128)
    except (OSError, OverflowError) as problem:
        made.close()
        if isinstance(problem, OSError) and problem.errno == errno.EADDRNOTAVAIL:
            raise InvalidError("host", host, allowed="an address of this machine") from None
        raise InvalidError(
            "port", port, allowed=f"a free one on {host} ({problem})", fix="leave --port out"
        ) from None
    return made

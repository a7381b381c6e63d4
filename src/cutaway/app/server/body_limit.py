"""How much a request may bring: refused by its length, before it is read."""

from __future__ import annotations

import asyncio

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...core.numbers import byte_size
from .errors import error_response
from .settings import Limits

__all__ = ["BodyLimit"]

_REFUSED = (411, 413)
#: Seconds in which a client takes in why it was refused.
_MOMENT = 0.5


class BodyLimit:
    """ASGI middleware that refuses bodies over the limit; a trace file must say its length."""

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self.app, self.limits = app, limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through whose body is no longer than its path may take."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        send = _lingering(send)
        uploads = scope["method"] == "PUT"
        most = self.limits.upload if uploads else self.limits.body
        length = Headers(scope=scope).get("content-length")
        words = f"a body may have at most {byte_size(most)} here"
        if length is None and uploads:
            answer = error_response(411, f"say the length of the file; {words}", connection="close")
            await answer(scope, receive, send)
        elif length is not None and not (length.isdecimal() and int(length) <= most):
            await error_response(413, words, connection="close")(scope, receive, send)
        else:
            await self.app(scope, _counted(receive, most, words, self.limits.body_timeout), send)


def _lingering(send: Send) -> Send:
    """A refusal stays open for a moment: a connection that is closed while its client still writes
    is reset, and what was said on it may be lost."""
    refused = False

    async def said(message: Message) -> None:
        nonlocal refused
        if message["type"] == "http.response.start":
            refused = message["status"] in _REFUSED
        elif refused and not message.get("more_body"):
            await send({**message, "more_body": True})
            await asyncio.sleep(_MOMENT)
            message = {"type": "http.response.body", "body": b""}
        await send(message)

    return said


def _counted(receive: Receive, most: int, words: str, body_timeout: float) -> Receive:
    """Without a length, what comes is counted; who stops in the middle is not waited for."""
    come, whole = 0, False

    async def counted() -> Message:
        nonlocal come, whole
        try:
            message = await asyncio.wait_for(receive(), None if whole else body_timeout)
        except TimeoutError:
            slow = f"nothing more of the body came for {body_timeout:g} s"
            raise HTTPException(408, slow, {"Connection": "close"}) from None
        whole = not message.get("more_body", False)
        come += len(message.get("body", b""))
        if come > most:
            raise HTTPException(413, words, {"Connection": "close"})
        return message

    return counted

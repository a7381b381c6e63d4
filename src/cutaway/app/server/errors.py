"""What a client is told when something is refused or fails: words, never a traceback."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...core.errors import CutawayError, FileError, InvalidError, MissingError, UnknownError
from .worker import FullError

__all__ = [
    "FAULT",
    "LOG",
    "ErrorMiddleware",
    "add_error_handlers",
    "error_message",
    "error_response",
    "log_to_file",
    "unknown_is_404",
]

LOG = logging.getLogger("cutaway.server")
FAULT = "this is a fault of Cutaway; the server's log says more"
_STATUS: dict[type[CutawayError], int] = {
    UnknownError: 422, InvalidError: 422, MissingError: 409, FileError: 422,
}  # fmt: skip
_NOT_THIS_METHOD = 405
_LOG_BYTES = 1_000_000


def error_message(problem: BaseException) -> str:
    """A problem in words; one that was not raised on purpose goes to the log."""
    if isinstance(problem, CutawayError | FullError):
        return str(problem)
    LOG.error("a fault", exc_info=problem)
    return FAULT


def error_response(status: int, words: str, **headers: str) -> JSONResponse:
    """The answer to what is refused."""
    plain = words.encode("utf-8", "replace").decode()
    return JSONResponse(
        {"problem": plain}, status, {n.replace("_", "-"): v for n, v in headers.items()}
    )


@contextmanager
def unknown_is_404() -> Iterator[None]:
    """Around looking something up by an id that a client gave: where it is not there, 404."""
    try:
        yield
    except UnknownError as problem:
        raise HTTPException(404, str(problem)) from None


def add_error_handlers(app: FastAPI) -> None:
    """Have every error of an endpoint answered in words."""

    @app.exception_handler(CutawayError)
    def ours(_: Request, problem: CutawayError) -> JSONResponse:
        return error_response(_STATUS.get(type(problem), 400), str(problem))

    @app.exception_handler(Exception)
    def fault(_: Request, __: Exception) -> JSONResponse:
        return error_response(500, FAULT)  # Starlette raises it on, to Faults, which logs it

    @app.exception_handler(FullError)
    def full(_: Request, problem: FullError) -> JSONResponse:
        return error_response(429, str(problem), retry_after=str(problem.seconds))

    @app.exception_handler(RequestValidationError)
    def invalid(_: Request, problem: RequestValidationError) -> JSONResponse:
        return error_response(422, "; ".join(_sentence(error) for error in problem.errors()))

    @app.exception_handler(HTTPException)
    def http(request: Request, problem: HTTPException) -> JSONResponse:
        headers = dict(problem.headers or {})
        if problem.status_code == _NOT_THIS_METHOD:  # several routes share a path
            known = [each for each in app.state.routes if each.path_regex.match(request.url.path)]
            headers["Allow"] = ", ".join(sorted(set().union(*(each.methods for each in known))))
        return JSONResponse({"problem": problem.detail}, problem.status_code, headers)


@contextmanager
def log_to_file(path: Path) -> Iterator[None]:
    """While inside, faults are written to a file of at most 1 MB, made when there is one."""
    handler = RotatingFileHandler(path, maxBytes=_LOG_BYTES, backupCount=1, delay=True)
    handler.setLevel(logging.ERROR)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    loggers = LOG, logging.getLogger("uvicorn"), logging.getLogger("asyncio")
    for logger in loggers:
        logger.addHandler(handler)
        logger.propagate = False
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeHandler(handler)
        handler.close()


def _sentence(error: dict[str, Any]) -> str:
    place = " ".join(str(part) for part in error["loc"][1:]) or str(error["loc"][0])
    return f"invalid {place}: {error['msg']}"


class ErrorMiddleware:
    """ASGI middleware: a fault is written to the log and answered with 500, in words."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; where it fails before its answer has begun, say so."""
        begun = False

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, receive, noted)
        except ClientDisconnect:
            pass
        except Exception as problem:
            words = error_message(problem)
            if scope["type"] == "http" and not begun:
                await error_response(500, words)(scope, receive, send)

"""The application: every route, behind the gate."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import parse_qs

from fastapi import FastAPI, Request, Response, Security
from fastapi.responses import FileResponse, HTMLResponse
from fastapi.security import HTTPBearer
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp

from ... import __version__
from . import exploring, making, pairs, runs, status, views
from .bodies import Measured
from .problems import Faults, words_for_errors
from .security import Gate, admitted
from .service import Here, Service
from .shell import SHELL, app_path, entrance

__all__ = ["application"]

#: Seconds between two looks at who has gone.
_LOOK = 0.5
#: For the schema: the gate has looked already, and takes the cookie as well.
_TOKEN = HTTPBearer(auto_error=False, description="the token of the printed address")
_PAGES = ("/", "/runs", "/runs/{rest:path}", "/explore", "/compare", "/models")


def application(service: Service) -> ASGIApp:
    """The server's application: faults, gate, lengths, then routes."""
    api = FastAPI(
        title="Cutaway", version=__version__, lifespan=_lifespan, docs_url=None, redoc_url=None,
        openapi_url="/api/openapi.json", redirect_slashes=False,
    )  # fmt: skip
    routers = [each.router for each in (status, making, runs, views, pairs, exploring)]
    api.state.service = service
    api.state.routes = [route for router in routers for route in router.routes]
    words_for_errors(api)
    for router in routers:
        api.include_router(router, dependencies=[Security(_TOKEN)])
    for path in _PAGES:
        api.add_api_route(path, _shell, include_in_schema=False)
    api.add_api_route("/assets/app.js", _script, include_in_schema=False)
    api.add_api_route("/login", _login, methods=["POST"], include_in_schema=False)
    return Gate(Faults(Measured(api, service.settings.limits)), service.settings)


async def _shell() -> Response:
    return HTMLResponse(SHELL)


async def _script() -> Response:
    return FileResponse(app_path(), media_type="text/javascript")


async def _login(here: Here, request: Request) -> Response:
    """Let in who knows the password; one guess at a time, a second each."""
    given = parse_qs((await request.body()).decode("utf-8", "replace")).get("password", [""])[0]
    password = here.settings.password
    async with here.guessing:
        if password is not None and await run_in_threadpool(password.fits, given):
            return admitted(here.settings)
        await asyncio.sleep(1)
    return HTMLResponse(entrance(with_password=password is not None, wrong=True), 401)


@asynccontextmanager
async def _lifespan(api: FastAPI) -> AsyncIterator[None]:
    service: Service = api.state.service
    looking = asyncio.create_task(_cancel_lonely(service))
    try:
        yield
    finally:
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking


async def _cancel_lonely(service: Service) -> None:
    """Stop jobs for which nobody waits any more."""
    while True:
        await asyncio.sleep(_LOOK)
        for job in service.jobs.all():
            if job.lonely(service.settings.limits.grace):
                job.cancel()

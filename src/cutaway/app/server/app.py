"""The application: every route, behind the access control."""

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
from . import comparisons, explorer, run_jobs, runs, status, views
from .body_limit import BodyLimit
from .errors import ErrorMiddleware, add_error_handlers
from .security import AccessControl, login_response
from .service import Service, ServiceDep
from .shell import SHELL, app_path, login_page

__all__ = ["application"]

#: Seconds between two looks at who has gone.
_POLL_SECONDS = 0.5
#: For the schema: the access control has looked already, and takes the cookie as well.
_TOKEN = HTTPBearer(auto_error=False, description="the token of the printed address")
_PAGES = ("/", "/runs", "/runs/{rest:path}", "/explore", "/compare", "/models")


def application(service: Service) -> ASGIApp:
    """The server's application: access control, errors, length limits, then routes."""
    api = FastAPI(
        title="Cutaway", version=__version__, lifespan=_lifespan, docs_url=None, redoc_url=None,
        openapi_url="/api/openapi.json", redirect_slashes=False,
    )  # fmt: skip
    routers = [each.router for each in (status, run_jobs, runs, views, comparisons, explorer)]
    api.state.service = service
    api.state.routes = [route for router in routers for route in router.routes]
    add_error_handlers(api)
    for router in routers:
        api.include_router(router, dependencies=[Security(_TOKEN)])
    for path in _PAGES:
        api.add_api_route(path, _shell, include_in_schema=False)
    api.add_api_route("/assets/app.js", _script, include_in_schema=False)
    api.add_api_route("/login", _login, methods=["POST"], include_in_schema=False)
    return AccessControl(ErrorMiddleware(BodyLimit(api, service.settings.limits)), service.settings)


async def _shell() -> Response:
    return HTMLResponse(SHELL)


async def _script() -> Response:
    return FileResponse(app_path(), media_type="text/javascript")


async def _login(service: ServiceDep, request: Request) -> Response:
    """Let in who knows the password; one guess at a time, a second each."""
    given = parse_qs((await request.body()).decode("utf-8", "replace")).get("password", [""])[0]
    password = service.settings.password
    async with service.login_lock:
        if password is not None and await run_in_threadpool(password.verify, given):
            return login_response(service.settings)
        await asyncio.sleep(1)
    return HTMLResponse(login_page(with_password=password is not None, wrong=True), 401)


@asynccontextmanager
async def _lifespan(api: FastAPI) -> AsyncIterator[None]:
    service: Service = api.state.service
    watch = asyncio.create_task(_cancel_abandoned(service))
    try:
        yield
    finally:
        watch.cancel()
        with suppress(asyncio.CancelledError):
            await watch


async def _cancel_abandoned(service: Service) -> None:
    """Stop jobs for which nobody waits any more."""
    while True:
        await asyncio.sleep(_POLL_SECONDS)
        for job in service.jobs.all():
            if job.abandoned(service.settings.limits.unwatched_timeout):
                job.cancel()

"""The endpoints of pictures: every lens of every run, by its address."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Body, Request, Response
from starlette.concurrency import run_in_threadpool

from ..view import View
from .errors import unknown_is_404
from .lenses import LENSES, read_arguments, written
from .schemas import RunId, error_responses
from .service import Service, ServiceDep
from .view_requests import ViewRequest, respond
from .view_responses import BINARY, PAGE, answer_response, packet_response, page_response

if TYPE_CHECKING:
    from ...model.lm import LM

__all__ = ["Question", "router"]

router = APIRouter(prefix="/api/runs/{run_id}", tags=["views"])
#: The lenses, for the schema.
LensName = StrEnum("LensName", {name: name for name in LENSES})  # type: ignore[misc]
Question = Annotated[dict[str, Any], Body(max_length=50)]


_ANSWER = error_responses(404, 409, 429, 503)


@router.get("/views/{lens}", response_class=Response, responses={200: BINARY, **_ANSWER})
async def one_view(
    service: ServiceDep, run_id: RunId, lens: LensName, request: Request
) -> Response:
    """A picture as a packet: envelope and arrays. The query holds the verb's own arguments."""
    return await _respond(service, run_id, lens, request, packet_response)


@router.post("/views/{lens}/ask", response_class=Response, responses={200: BINARY, **_ANSWER})
async def ask_view(
    service: ServiceDep, run_id: RunId, lens: LensName, request: Request, question: Question
) -> Response:
    """What a picture asks while it is looked at; X-Dtype and X-Shape say what the bytes are."""
    return await _respond(
        service, run_id, lens, request, partial(answer_response, question=question)
    )


@router.get("/page/{lens}", response_class=Response, responses={200: PAGE, **_ANSWER})
async def one_page(
    service: ServiceDep, run_id: RunId, lens: LensName, request: Request
) -> Response:
    """A picture as a page that opens offline, to be saved."""
    return await _respond(service, run_id, lens, request, partial(page_response, name=lens))


async def _respond(
    service: Service, run_id: str, lens: str, request: Request, then: Callable[[View], Response]
) -> Response:
    given = read_arguments(lens, request.query_params)
    wanted = await run_in_threadpool(_request, service, run_id, lens, given)
    return await respond(service, request, wanted, then)


def _request(service: Service, run_id: str, lens: str, given: dict[str, Any]) -> ViewRequest:
    with unknown_is_404():
        run = service.runs.get(run_id)
    entry, worker = service.entry_and_worker(service.runs.open(run.id).card)

    def make(models: Sequence[LM | None]) -> View:
        trace = service.runs.open(run.id, models[0])
        return LENSES[lens].make(trace, models[0], dict(given))

    return ViewRequest(worker, (entry,), (run.id, *written(lens, given)), make)

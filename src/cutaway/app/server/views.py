"""The endpoints of pictures: every lens of every run, by its address."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Body, Request, Response
from starlette.concurrency import run_in_threadpool

from ..view import View
from .asked import RunId, refusals
from .asking import BINARY, PAGE, as_answer, as_packet, as_page
from .lenses import LENSES, read_arguments, written
from .pictures import Picture, shown
from .problems import sought
from .service import Here, Service

if TYPE_CHECKING:
    from ...model.lm import LM

__all__ = ["Question", "router"]

router = APIRouter(prefix="/api/runs/{run_id}", tags=["views"])
#: The lenses, for the schema.
LensName = StrEnum("LensName", {name: name for name in LENSES})  # type: ignore[misc]
Question = Annotated[dict[str, Any], Body(max_length=50)]


_ANSWER = refusals(404, 409, 429, 503)


@router.get("/views/{lens}", response_class=Response, responses={200: BINARY, **_ANSWER})
async def one_view(here: Here, run_id: RunId, lens: LensName, request: Request) -> Response:
    """A picture as a packet: envelope and arrays. The query holds the verb's own arguments."""
    return await _seen(here, run_id, lens, request, as_packet)


@router.post("/views/{lens}/ask", response_class=Response, responses={200: BINARY, **_ANSWER})
async def ask_view(
    here: Here, run_id: RunId, lens: LensName, request: Request, question: Question
) -> Response:
    """What a picture asks while it is looked at; X-Dtype and X-Shape say what the bytes are."""
    return await _seen(here, run_id, lens, request, partial(as_answer, question=question))


@router.get("/page/{lens}", response_class=Response, responses={200: PAGE, **_ANSWER})
async def one_page(here: Here, run_id: RunId, lens: LensName, request: Request) -> Response:
    """A picture as a page that opens offline, to be saved."""
    return await _seen(here, run_id, lens, request, partial(as_page, name=lens))


async def _seen(
    here: Service, run_id: str, lens: str, request: Request, then: Callable[[View], Response]
) -> Response:
    given = read_arguments(lens, request.query_params)
    picture = await run_in_threadpool(_picture, here, run_id, lens, given)
    return await shown(here, request, picture, then)


def _picture(here: Service, run_id: str, lens: str, given: dict[str, Any]) -> Picture:
    with sought():
        run = here.runs.get(run_id)
    held, worker = here.at_work(here.runs.open(run.id).card)

    def make(models: Sequence[LM | None]) -> View:
        trace = here.runs.open(run.id, models[0])
        return LENSES[lens].make(trace, models[0], dict(given))

    return Picture(worker, (held,), (run.id, *written(lens, given)), make)

"""The endpoints of two runs beside each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams

from ..runs.run import Run
from ..view import View
from .asked import refusals
from .asking import BINARY, PAGE, as_answer, as_packet, as_page
from .lenses import read_arguments, written
from .pictures import Picture, shown
from .problems import sought
from .service import Here, Service
from .views import Question

if TYPE_CHECKING:
    from ...model.lm import LM

__all__ = ["router"]

router = APIRouter(prefix="/api/compare", tags=["compare"])
_RunId = Annotated[str, Query(pattern="^[0-9a-f]{4,20}$")]
_Lens = Literal[
    "logit_lens",
    "predictions",
    "watch",
    "saliency",
    "neurons",
    "factors",
    "clusters",
    "experts",
    "attention",
]
_ANSWER = refusals(404, 409, 429, 503)
_LONGEST_NAME = 40


@router.get("", response_class=Response, responses={200: BINARY, **_ANSWER})
async def compare_runs(
    here: Here, request: Request, a: _RunId, b: _RunId, lens: _Lens = "logit_lens"
) -> Response:
    """Two runs under one lens, as a packet; the query holds the lens's own arguments too."""
    return await _seen(here, request, (a, b), lens, as_packet)


@router.post("/ask", response_class=Response, responses={200: BINARY, **_ANSWER})
async def ask_comparison(
    here: Here,
    request: Request,
    question: Question,
    a: _RunId,
    b: _RunId,
    lens: _Lens = "logit_lens",
) -> Response:
    """What a comparison asks while it is looked at."""
    then = partial(as_answer, question=question)
    return await _seen(here, request, (a, b), lens, then)


@router.get("/page", response_class=Response, responses={200: PAGE, **_ANSWER})
async def page_of_comparison(
    here: Here, request: Request, a: _RunId, b: _RunId, lens: _Lens = "logit_lens"
) -> Response:
    """Two runs under one lens, as a page that opens offline."""
    return await _seen(here, request, (a, b), lens, partial(as_page, name=f"compare {lens}"))


async def _seen(
    here: Service,
    request: Request,
    ids: tuple[str, str],
    lens: str,
    then: Callable[[View], Response],
) -> Response:
    named = request.query_params.multi_items()
    options = QueryParams([item for item in named if item[0] not in ("a", "b", "lens")])
    given = read_arguments(lens, options)
    picture = await run_in_threadpool(_picture, here, ids, lens, given)
    return await shown(here, request, picture, then)


def _picture(here: Service, ids: tuple[str, str], lens: str, given: dict[str, Any]) -> Picture:
    with sought():
        runs = [here.runs.get(each) for each in ids]
    makers = [here.at_work(here.runs.open(run.id).card) for run in runs]
    names = _names(*runs)

    def make(models: Sequence[LM | None]) -> View:
        from ..comparing import compare

        a, b = (here.runs.open(run.id, lm) for run, lm in zip(runs, models, strict=True))
        return compare(a, b, lens=lens, names=names, **given)

    of = ("compare", runs[0].id, runs[1].id, *names, *written(lens, given))
    return Picture(makers[0][1], tuple(held for held, _ in makers), of, make)


def _names(a: Run, b: Run) -> tuple[str, str]:
    """What the two are called: as their user calls them, where that tells them apart."""
    given = a.name.strip(), b.name.strip()
    fits = all(0 < len(name) <= _LONGEST_NAME and name != "difference" for name in given)
    return given if fits and given[0] != given[1] else ("a", "b")

"""The endpoints of two runs beside each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams

from ..runs.run import Run
from ..view import View
from .errors import unknown_is_404
from .lenses import read_arguments, written
from .schemas import error_responses
from .service import Service, ServiceDep
from .view_requests import ViewRequest, respond
from .view_responses import BINARY, PAGE, answer_response, packet_response, page_response
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
_ANSWER = error_responses(404, 409, 429, 503)
_LONGEST_NAME = 40


@dataclass(frozen=True)
class _Comparison:
    """Two runs under one lens, as a request asks for them."""

    service: Service
    request: Request
    ids: tuple[str, str]
    lens: str

    async def respond(self, then: Callable[[View], Response]) -> Response:
        """What is made of its view."""
        named = self.request.query_params.multi_items()
        options = QueryParams([item for item in named if item[0] not in ("a", "b", "lens")])
        given = read_arguments(self.lens, options)
        wanted = await run_in_threadpool(self._wanted, given)
        return await respond(self.service, self.request, wanted, then)

    def _wanted(self, given: dict[str, Any]) -> ViewRequest:
        store = self.service.runs
        with unknown_is_404():
            runs = [store.get(each) for each in self.ids]
        makers = [self.service.entry_and_worker(store.open(run.id).card) for run in runs]
        names = _names(*runs)

        def make(models: Sequence[LM | None]) -> View:
            from ..compare import compare

            a, b = (store.open(run.id, lm) for run, lm in zip(runs, models, strict=True))
            return compare(a, b, lens=self.lens, names=names, **given)

        subject = ("compare", runs[0].id, runs[1].id, *names, *written(self.lens, given))
        return ViewRequest(makers[0][1], tuple(entry for entry, _ in makers), subject, make)


async def _comparison(
    service: ServiceDep, request: Request, a: _RunId, b: _RunId, lens: _Lens = "logit_lens"
) -> _Comparison:
    return _Comparison(service, request, (a, b), lens)


_ComparisonDep = Annotated[_Comparison, Depends(_comparison)]


@router.get("", response_class=Response, responses={200: BINARY, **_ANSWER})
async def compare_runs(comparison: _ComparisonDep) -> Response:
    """Two runs under one lens, as a packet; the query holds the lens's own arguments too."""
    return await comparison.respond(packet_response)


@router.post("/ask", response_class=Response, responses={200: BINARY, **_ANSWER})
async def ask_comparison(comparison: _ComparisonDep, question: Question) -> Response:
    """What a comparison asks while it is looked at."""
    return await comparison.respond(partial(answer_response, question=question))


@router.get("/page", response_class=Response, responses={200: PAGE, **_ANSWER})
async def page_of_comparison(comparison: _ComparisonDep) -> Response:
    """Two runs under one lens, as a page that opens offline."""
    name = f"compare {comparison.lens}"
    return await comparison.respond(partial(page_response, name=name))


def _names(a: Run, b: Run) -> tuple[str, str]:
    """What the two are called: as their user calls them, where that tells them apart."""
    given = a.name.strip(), b.name.strip()
    fits = all(0 < len(name) <= _LONGEST_NAME and name != "difference" for name in given)
    return given if fits and given[0] != given[1] else ("a", "b")

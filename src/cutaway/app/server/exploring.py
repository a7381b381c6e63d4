"""The endpoints of the explorer: next tokens of a text, and the tree of what was picked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, cast

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

from ...core.errors import InvalidError
from ..view import View
from .asked import NodeWanted, RunKept, Short, refusals
from .asking import BINARY, PAGE, as_answer, as_packet, as_page
from .pictures import Picture, shown
from .problems import sought
from .service import Here, Service
from .views import Question

if TYPE_CHECKING:
    from ...model.lm import LM
    from ..exploring import Explorer

__all__ = ["router"]

router = APIRouter(prefix="/api/explore", tags=["explore"])
_ANSWER = refusals(404, 409, 429, 503)
#: Continuations that are drawn at once, each with a cache of its own.
_MOST_DRAWN = 50
#: In an address, where each character may take twelve of the 65,536 that are read.
_Text = Annotated[str, Query(min_length=1, max_length=4_000)]
#: Trees are apart by this: two tabs that grow one tree would number its nodes differently.
_Session = Annotated[str, Query(max_length=64)]


@router.get("", response_class=Response, responses={200: BINARY, **_ANSWER})
async def explore_text(
    here: Here, request: Request, text: _Text, model: Short | None = None, session: _Session = ""
) -> Response:
    """The tree that grows from a text, as a packet."""
    return await _seen(here, request, model, text, session, as_packet)


@router.post("/ask", response_class=Response, responses={200: BINARY, **_ANSWER})
async def ask_explorer(
    here: Here, request: Request, question: Question, text: _Text, model: Short | None = None,
    session: _Session = "",
) -> Response:  # fmt: skip
    """Pick a token, go to a node, draw continuations: what the tree has become there."""
    drawn = question.get("n", 0)
    if isinstance(drawn, int) and drawn > _MOST_DRAWN:
        raise InvalidError("n", drawn, allowed=f"up to {_MOST_DRAWN} over the network")
    then = partial(as_answer, question=question)
    return await _seen(here, request, model, text, session, then)


@router.get("/page", response_class=Response, responses={200: PAGE, **_ANSWER})
async def page_of_explorer(
    here: Here, request: Request, text: _Text, model: Short | None = None, session: _Session = ""
) -> Response:
    """What was explored so far, as a page that opens offline."""
    then = partial(as_page, name="explore")
    return await _seen(here, request, model, text, session, then)


@router.post("/run", status_code=201, response_model=RunKept, responses=_ANSWER)
async def keep_explored(
    here: Here, request: Request, wanted: NodeWanted, text: _Text, model: Short | None = None,
    session: _Session = "",
) -> Response:  # fmt: skip
    """Keep the text of a node as a run, its token ids as they are; what was picked is output."""

    def keep(view: View) -> Response:
        trace = cast("Explorer", view).trace(wanted.node)
        run = here.runs.add(trace, wanted.name, wanted.tags)
        return JSONResponse(run.to_json(), 201)

    return await _seen(here, request, model, text, session, keep)


async def _seen(
    here: Service,
    request: Request,
    model: str | None,
    text: str,
    session: str,
    then: Callable[[View], Response],
) -> Response:
    with sought():
        held = here.models.get(model)

    def make(models: Sequence[LM | None]) -> View:
        from ..exploring import explore

        lm: Any = models[0]
        return explore(lm, text)

    picture = Picture(held.worker, (held,), ("explore", text, session), make)
    return await shown(here, request, picture, then)

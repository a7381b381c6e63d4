"""The endpoints of the explorer: next tokens of a text, and the tree of what was picked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, cast

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse

from ...core.errors import InvalidError
from ..view import View
from .errors import unknown_is_404
from .schemas import NodeRequest, RunRecord, ShortText, error_responses
from .service import Service, ServiceDep
from .view_requests import ViewRequest, respond
from .view_responses import BINARY, PAGE, answer_response, packet_response, page_response
from .views import Question

if TYPE_CHECKING:
    from ...model.lm import LM
    from ..explore import Explorer

__all__ = ["router"]

router = APIRouter(prefix="/api/explore", tags=["explore"])
_ANSWER = error_responses(404, 409, 429, 503)
#: Continuations that are drawn at once, each with a cache of its own.
_MOST_DRAWN = 50
#: In an address, where each character may take twelve of the 65,536 that are read.
_Text = Annotated[str, Query(min_length=1, max_length=4_000)]
#: Trees are apart by this: two tabs that grow one tree would number its nodes differently.
_Session = Annotated[str, Query(max_length=64)]


@dataclass(frozen=True)
class _Tree:
    """The tree that a request is about: what it grows from, which model's, and whose."""

    service: Service
    request: Request
    text: str
    model: str | None
    session: str

    async def respond(self, then: Callable[[View], Response]) -> Response:
        """What is made of its view."""
        with unknown_is_404():
            entry = self.service.models.get(self.model)
        subject = ("explore", self.text, self.session)
        wanted = ViewRequest(entry.worker, (entry,), subject, self.explore)
        return await respond(self.service, self.request, wanted, then)

    def explore(self, models: Sequence[LM | None]) -> View:
        """A new tree, of the text alone."""
        from ..explore import explore

        lm: Any = models[0]
        return explore(lm, self.text)


async def _tree(
    service: ServiceDep,
    request: Request,
    text: _Text,
    model: ShortText | None = None,
    session: _Session = "",
) -> _Tree:
    return _Tree(service, request, text, model, session)


_TreeDep = Annotated[_Tree, Depends(_tree)]


@router.get("", response_class=Response, responses={200: BINARY, **_ANSWER})
async def explore_text(tree: _TreeDep) -> Response:
    """The tree that grows from a text, as a packet."""
    return await tree.respond(packet_response)


@router.post("/ask", response_class=Response, responses={200: BINARY, **_ANSWER})
async def ask_explorer(tree: _TreeDep, question: Question) -> Response:
    """Pick a token, go to a node, draw continuations: what the tree has become there."""
    drawn = question.get("n", 0)
    if isinstance(drawn, int) and drawn > _MOST_DRAWN:
        raise InvalidError("n", drawn, allowed=f"up to {_MOST_DRAWN} over the network")
    return await tree.respond(partial(answer_response, question=question))


@router.get("/page", response_class=Response, responses={200: PAGE, **_ANSWER})
async def page_of_explorer(tree: _TreeDep) -> Response:
    """What was explored so far, as a page that opens offline."""
    return await tree.respond(partial(page_response, name="explore"))


@router.post("/run", status_code=201, response_model=RunRecord, responses=_ANSWER)
async def keep_explored(tree: _TreeDep, wanted: NodeRequest) -> Response:
    """Keep the text of a node as a run, its token ids as they are; what was picked is output."""

    def keep(view: View) -> Response:
        trace = cast("Explorer", view).trace(wanted.node)
        run = tree.service.runs.add(trace, wanted.name, wanted.tags)
        return JSONResponse(run.to_json(), 201)

    return await tree.respond(keep)

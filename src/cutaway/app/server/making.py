"""The endpoints that make runs: a prompt becomes a job, the job a run of the store."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import StreamingResponse

from ...core.errors import InvalidError
from ...core.numbers import byte_size
from ..runs.run import read_name, read_tags
from .asked import JobBegun, JobNow, RunWanted, refusals
from .events import told_live
from .halt import Halt
from .jobs import Job, Token
from .models import Held
from .problems import sought
from .service import Here, Service

if TYPE_CHECKING:
    from ...model.lm import LM
    from ...trace.trace import Trace

__all__ = ["router"]

router = APIRouter(prefix="/api", tags=["jobs"])
_JobId = Annotated[str, Path(pattern="^[0-9a-f]{16}$")]
_OPTIONS = ("max_new_tokens", "temperature", "top_k", "top_p", "seed")
_STREAM = {"content": {"text/event-stream": {}}, "description": "events state, token, end"}


@router.post("/runs", status_code=202, responses=refusals(404, 409, 429, 503))
async def make_run(here: Here, wanted: RunWanted) -> JobBegun:
    """Have a model read a prompt and go on with it; the run is kept in the store."""
    here.check_open()
    with sought():
        held = here.models.get(wanted.model)
    if len(wanted.text.encode("utf-8", "replace")) > here.settings.limits.text:
        raise InvalidError("text", wanted.text, allowed=f"{here.settings.limits.text} bytes")
    read_name(wanted.name or "")
    read_tags(wanted.tags)  # refused now, not when the run is made
    job = Job(wanted.keep)
    here.jobs.begin(job, held.worker, _work(here, held, wanted, job))
    return JobBegun(job=job.id)


@router.get("/jobs/{job_id}", responses=refusals(404))
async def one_job(here: Here, job_id: _JobId) -> JobNow:
    """A job as it is now."""
    job = _job(here, job_id)
    job.seen()
    return JobNow(**job.to_json())


@router.delete("/jobs/{job_id}", responses=refusals(404))
async def cancel_job(here: Here, job_id: _JobId) -> JobNow:
    """Stop a job at its next token; one that is over stays as it is."""
    job = _job(here, job_id)
    job.cancel()
    return JobNow(**job.to_json())


@router.get(
    "/jobs/{job_id}/events", response_class=StreamingResponse,
    responses={200: _STREAM, **refusals(404)},
)  # fmt: skip
async def watch_job(here: Here, job_id: _JobId, request: Request) -> StreamingResponse:
    """What happens to a job, as server-sent events, until its end."""
    last = request.headers.get("last-event-id", "")
    told = int(last) + 1 if last.isdecimal() and len(last) < 10 else 0
    return StreamingResponse(told_live(_job(here, job_id), told), media_type="text/event-stream")


def _job(here: Service, job_id: str) -> Job:
    with sought():
        return here.jobs.get(job_id)


def _work(here: Service, held: Held, wanted: RunWanted, job: Job) -> Callable[[Halt], str]:
    """What the model's worker does for a prompt: the id of the run it has become."""

    def work(halt: Halt) -> str:
        job.change(state="running", what="loading the model")
        lm = here.models.take(held)
        with halt.heeded():
            trace = _trace(here, lm, wanted, job, halt)
        halt.check()
        job.change(what="keeping the run")
        return here.runs.add(trace, wanted.name, wanted.tags).id

    return work


def _trace(here: Service, lm: LM, wanted: RunWanted, job: Job, halt: Halt) -> Trace:
    text: Any = [{"role": "user", "content": wanted.text}] if wanted.chat else wanted.text
    given = {name: getattr(wanted, name) for name in _OPTIONS}
    options = {name: value for name, value in given.items() if value is not None}
    n_read = len(lm.read(text).ids)
    n_said = options.get("max_new_tokens", 20) if wanted.generate else 0
    _check_size(lm, n_read + n_said, here.settings.limits.trace)
    if not wanted.generate:
        job.change(what="reading")
        read: Trace = lm.trace(text)
        return read

    def say(token_id: int, characters: str, share: float) -> None:
        halt.check()
        label = lm.pieces([token_id])[0].label
        place = n_read + len(job.tokens)
        job.say(Token(place, token_id, characters, label, None if share != share else share))
        if job.done == job.total:
            job.change(what="recording")

    job.change(what="generating", total=n_said)
    said: Trace = lm.generate(text, on_token=say, **options)
    return said


def _check_size(lm: LM, n_tokens: int, most: int) -> None:
    """Refuse what would hold more memory than one run may."""
    card = lm.card
    needed = (card.n_layers + 1) * n_tokens * card.width * 4
    if needed > most:
        raise InvalidError(
            "number of tokens", n_tokens, allowed=f"{byte_size(most)} of states, and these are "
            f"{byte_size(needed)}", fix="give a shorter text, or ask for fewer tokens",
        )  # fmt: skip

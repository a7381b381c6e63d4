"""The endpoints that make runs: a prompt becomes a job, the job a run of the store."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import StreamingResponse

from ...core.errors import InvalidError
from ...core.numbers import byte_size
from ..runs.run import read_name, read_tags
from .cancellation import Cancellation
from .errors import unknown_is_404
from .job_events import job_events
from .jobs import Job, Token
from .models import ModelEntry
from .schemas import JobCreated, JobStatus, RunRequest, error_responses
from .service import Service, ServiceDep

if TYPE_CHECKING:
    from ...model.lm import LM
    from ...trace.trace import Trace

__all__ = ["router"]

router = APIRouter(prefix="/api", tags=["jobs"])
_JobId = Annotated[str, Path(pattern="^[0-9a-f]{16}$")]
_OPTIONS = ("max_new_tokens", "temperature", "top_k", "top_p", "seed")
_STREAM = {"content": {"text/event-stream": {}}, "description": "events state, token, end"}


@router.post("/runs", status_code=202, responses=error_responses(404, 409, 429, 503))
async def make_run(service: ServiceDep, wanted: RunRequest) -> JobCreated:
    """Have a model read a prompt and go on with it; the run is kept in the store."""
    service.check_open()
    with unknown_is_404():
        entry = service.models.get(wanted.model)
    if len(wanted.text.encode("utf-8", "replace")) > service.settings.limits.text:
        raise InvalidError("text", wanted.text, allowed=f"{service.settings.limits.text} bytes")
    read_name(wanted.name or "")
    read_tags(wanted.tags)  # refused now, not when the run is made
    job = Job(wanted.keep)
    service.jobs.submit(job, entry.worker, _work(service, entry, wanted, job))
    return JobCreated(job=job.id)


@router.get("/jobs/{job_id}", responses=error_responses(404))
async def one_job(service: ServiceDep, job_id: _JobId) -> JobStatus:
    """A job as it is now."""
    job = _job(service, job_id)
    job.touch()
    return JobStatus(**job.to_json())


@router.delete("/jobs/{job_id}", responses=error_responses(404))
async def cancel_job(service: ServiceDep, job_id: _JobId) -> JobStatus:
    """Stop a job at its next token; one that is over stays as it is."""
    job = _job(service, job_id)
    job.cancel()
    return JobStatus(**job.to_json())


@router.get(
    "/jobs/{job_id}/events", response_class=StreamingResponse,
    responses={200: _STREAM, **error_responses(404)},
)  # fmt: skip
async def watch_job(service: ServiceDep, job_id: _JobId, request: Request) -> StreamingResponse:
    """What happens to a job, as server-sent events, until its end."""
    last = request.headers.get("last-event-id", "")
    n_sent = int(last) + 1 if last.isdecimal() and len(last) < 10 else 0
    return StreamingResponse(
        job_events(_job(service, job_id), n_sent), media_type="text/event-stream"
    )


def _job(service: Service, job_id: str) -> Job:
    with unknown_is_404():
        return service.jobs.get(job_id)


def _work(
    service: Service, entry: ModelEntry, wanted: RunRequest, job: Job
) -> Callable[[Cancellation], str]:
    """What the model's worker does for a prompt: the id of the run it has become."""

    def work(cancellation: Cancellation) -> str:
        job.change(state="running", what="loading the model")
        lm = service.models.acquire(entry)
        with cancellation.hooked():
            trace = _trace(service, lm, wanted, job, cancellation)
        cancellation.check()
        job.change(what="keeping the run")
        return service.runs.add(trace, wanted.name, wanted.tags).id

    return work


def _trace(
    service: Service, lm: LM, wanted: RunRequest, job: Job, cancellation: Cancellation
) -> Trace:
    text: Any = [{"role": "user", "content": wanted.text}] if wanted.chat else wanted.text
    given = {name: getattr(wanted, name) for name in _OPTIONS}
    options = {name: value for name, value in given.items() if value is not None}
    n_read = len(lm.read(text).ids)
    n_said = options.get("max_new_tokens", 20) if wanted.generate else 0
    _check_size(lm, n_read + n_said, service.settings.limits.trace)
    if not wanted.generate:
        job.change(what="reading")
        read: Trace = lm.trace(text)
        return read

    def say(token_id: int, characters: str, share: float) -> None:
        cancellation.check()
        label = lm.pieces([token_id])[0].label
        place = n_read + len(job.tokens)
        job.add_token(Token(place, token_id, characters, label, None if share != share else share))
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

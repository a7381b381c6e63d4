"""Server-sent events: what happens to a job, sent as it happens."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Any

from .jobs import Job
from .threadsafe_event import ThreadsafeEvent

__all__ = ["job_events"]

#: Seconds of silence after which a line is sent, so that who has gone is noticed.
_SILENCE = 10.0


async def job_events(job: Job, n_sent: int) -> AsyncIterator[bytes]:
    """Events of a job until its end; the listener has `n_sent` of its tokens already.

    state  the job without its tokens, when it has changed
    token  a token as it was chosen; its id is the token's number, for Last-Event-ID
    end    the whole job
    """
    changed = ThreadsafeEvent()
    job.subscribe(changed)
    last_state: dict[str, Any] = {}
    try:
        while True:
            finished = job.finished  # before tokens are read: none comes after it
            now = job.to_json(tokens=False)
            if now != last_state and not finished:
                yield _event("state", now)
                last_state = now
            new = job.tokens[n_sent:]  # more may come while these are written
            for number, token in enumerate(new, n_sent):
                yield _event("token", asdict(token), number)
            n_sent += len(new)
            if finished:
                yield _event("end", job.to_json())
                return
            if not await changed.wait(_SILENCE):
                yield b": still here\n\n"
    finally:
        job.unsubscribe(changed)


def _event(name: str, data: dict[str, Any], number: int | None = None) -> bytes:
    # ASCII: a lone surrogate can't be encoded, and a line end would end the event.
    head = "" if number is None else f"id: {number}\n"
    return f"{head}event: {name}\ndata: {json.dumps(data)}\n\n".encode()

"""Server-sent events: what happens to a job, told as it happens."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Any

from .bell import Bell
from .jobs import Job

__all__ = ["told_live"]

#: Seconds of silence after which a line is sent, so that who has gone is noticed.
_SILENCE = 10.0


async def told_live(job: Job, told: int) -> AsyncIterator[bytes]:
    """Events of a job until its end; `told` tokens are known to the listener already.

    state  the job without its tokens, when it has changed
    token  a token as it was chosen; its id is the token's number, for Last-Event-ID
    end    the whole job
    """
    bell = Bell()
    job.listen(bell)
    said: dict[str, Any] = {}
    try:
        while True:
            over = job.over  # before tokens are read: none comes after it
            now = job.to_json(tokens=False)
            if now != said and not over:
                yield _event("state", now)
                said = now
            fresh = job.tokens[told:]  # more may come while these are written
            for number, token in enumerate(fresh, told):
                yield _event("token", asdict(token), number)
            told += len(fresh)
            if over:
                yield _event("end", job.to_json())
                return
            if not await bell.wait(_SILENCE):
                yield b": still here\n\n"
    finally:
        job.leave(bell)


def _event(name: str, data: dict[str, Any], number: int | None = None) -> bytes:
    # ASCII: a lone surrogate can't be encoded, and a line end would end the event.
    head = "" if number is None else f"id: {number}\n"
    return f"{head}event: {name}\ndata: {json.dumps(data)}\n\n".encode()

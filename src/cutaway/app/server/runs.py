"""The endpoints of runs: list, look, change, delete, upload, download."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from ...core.errors import FileError
from ..runs.folder import explained
from ..runs.run import Run
from .asked import Change, RunId, RunKept, RunList, Short, refusals
from .problems import sought
from .service import Here

__all__ = ["attachment", "router"]

router = APIRouter(prefix="/api/runs", tags=["runs"])
_FILE = {"content": {"application/octet-stream": {}}, "description": "the trace file"}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.get("", responses=refusals())
def list_runs(
    here: Here,
    search: Short | None = None,
    tag: Short | None = None,
    limit: Annotated[int, Query(ge=0, le=1000)] = 50,
    offset: Annotated[int, Query(ge=0, le=2**53)] = 0,
) -> RunList:
    """The runs of the store, the newest first."""
    found = here.runs.list(search=search, tag=tag, limit=limit, offset=offset)
    total = here.runs.count(search=search, tag=tag)
    return RunList(total=total, runs=[_told(run) for run in found])


@router.put(
    "", status_code=201, openapi_extra=_BODY,
    responses={200: {"model": RunKept, "description": "it was there"}, **refusals(411)},
)  # fmt: skip
async def upload_run(
    here: Here, request: Request, response: Response, name: Short | None = None
) -> RunKept:
    """Take in a trace file, sent as it is; it is read as a trace file and as nothing else."""
    began = datetime.now(UTC)
    path = here.runs.incoming / f"{secrets.token_hex(8)}.upload"
    try:
        await _written(request, path)
        run = await run_in_threadpool(here.runs.add_file, path, name, move=True)
    except FileError as problem:
        raise HTTPException(422, str(problem).replace(repr(str(path)), "the file")) from None
    finally:
        path.unlink(missing_ok=True)
    if run.created < began:
        response.status_code = 200
    return _told(run)


@router.get("/{run_id}", responses=refusals(404))
def one_run(here: Here, run_id: RunId) -> RunKept:
    """One run."""
    with sought():
        return _told(here.runs.get(run_id))


@router.patch("/{run_id}", responses=refusals(404))
def change_run(here: Here, run_id: RunId, change: Change) -> RunKept:
    """Give a run another name, or other tags instead of its own."""
    with sought():
        return _told(here.runs.change(run_id, name=change.name, tags=change.tags))


@router.delete("/{run_id}", status_code=204, responses=refusals(404))
def delete_run(here: Here, run_id: RunId) -> None:
    """Delete a run and its file."""
    with sought():
        run = here.runs.get(run_id)
        here.runs.remove(run.id)
    here.views.forget_run(run.id)


@router.get("/{run_id}/trace", response_class=FileResponse, responses={200: _FILE, **refusals(404)})
def download_run(here: Here, run_id: RunId) -> FileResponse:
    """The trace file of a run."""
    with sought():
        run = here.runs.get(run_id)
    return FileResponse(
        here.runs.path(run.id), media_type="application/octet-stream",
        headers=attachment(f"{run.name or run.id}.trace"),
    )  # fmt: skip


def attachment(name: str) -> dict[str, str]:
    """The header that has a browser save an answer under a name made of harmless characters."""
    plain = "".join(c if c.isalnum() or c in " ._-" else "_" for c in name).strip(" .")
    return {"content-disposition": f"attachment; filename*=UTF-8''{quote(plain, safe='')}"}


async def _written(request: Request, path: Path) -> None:
    """The body of a request as a file; its length was checked before."""
    with explained(path, "written"):
        file = await run_in_threadpool(path.open, "xb")
        with file:
            async for part in request.stream():
                await run_in_threadpool(file.write, part)


def _told(run: Run) -> RunKept:
    return RunKept(**run.to_json())

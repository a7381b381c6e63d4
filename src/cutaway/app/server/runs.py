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
from .errors import unknown_is_404
from .schemas import RunId, RunList, RunRecord, RunUpdate, ShortText, error_responses
from .service import ServiceDep

__all__ = ["attachment", "router"]

router = APIRouter(prefix="/api/runs", tags=["runs"])
_FILE = {"content": {"application/octet-stream": {}}, "description": "the trace file"}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.get("", responses=error_responses())
def list_runs(
    service: ServiceDep,
    search: ShortText | None = None,
    tag: ShortText | None = None,
    limit: Annotated[int, Query(ge=0, le=1000)] = 50,
    offset: Annotated[int, Query(ge=0, le=2**53)] = 0,
) -> RunList:
    """The runs of the store, the newest first."""
    found = service.runs.list(search=search, tag=tag, limit=limit, offset=offset)
    total = service.runs.count(search=search, tag=tag)
    return RunList(total=total, runs=[_record(run) for run in found])


@router.put(
    "", status_code=201, openapi_extra=_BODY,
    responses={200: {"model": RunRecord, "description": "it was there"}, **error_responses(411)},
)  # fmt: skip
async def upload_run(
    service: ServiceDep, request: Request, response: Response, name: ShortText | None = None
) -> RunRecord:
    """Take in a trace file, sent as it is; it is read as a trace file and as nothing else."""
    began = datetime.now(UTC)
    path = service.runs.incoming / f"{secrets.token_hex(8)}.upload"
    try:
        await _save_body(request, path)
        run = await run_in_threadpool(service.runs.add_file, path, name, move=True)
    except FileError as problem:
        raise HTTPException(422, str(problem).replace(repr(str(path)), "the file")) from None
    finally:
        path.unlink(missing_ok=True)
    if run.created < began:
        response.status_code = 200
    return _record(run)


@router.get("/{run_id}", responses=error_responses(404))
def one_run(service: ServiceDep, run_id: RunId) -> RunRecord:
    """One run."""
    with unknown_is_404():
        return _record(service.runs.get(run_id))


@router.patch("/{run_id}", responses=error_responses(404))
def change_run(service: ServiceDep, run_id: RunId, change: RunUpdate) -> RunRecord:
    """Give a run another name, or other tags instead of its own."""
    with unknown_is_404():
        return _record(service.runs.change(run_id, name=change.name, tags=change.tags))


@router.delete("/{run_id}", status_code=204, responses=error_responses(404))
def delete_run(service: ServiceDep, run_id: RunId) -> None:
    """Delete a run and its file."""
    with unknown_is_404():
        run = service.runs.get(run_id)
        service.runs.remove(run.id)
    service.views.drop_run(run.id)


@router.get(
    "/{run_id}/trace", response_class=FileResponse, responses={200: _FILE, **error_responses(404)}
)
def download_run(service: ServiceDep, run_id: RunId) -> FileResponse:
    """The trace file of a run."""
    with unknown_is_404():
        run = service.runs.get(run_id)
    return FileResponse(
        service.runs.path(run.id), media_type="application/octet-stream",
        headers=attachment(f"{run.name or run.id}.trace"),
    )  # fmt: skip


def attachment(name: str) -> dict[str, str]:
    """The header that has a browser save an answer under a name made of harmless characters."""
    plain = "".join(c if c.isalnum() or c in " ._-" else "_" for c in name).strip(" .")
    return {"content-disposition": f"attachment; filename*=UTF-8''{quote(plain, safe='')}"}


async def _save_body(request: Request, path: Path) -> None:
    """The body of a request as a file; its length was checked before."""
    with explained(path, "written"):
        file = await run_in_threadpool(path.open, "xb")
        with file:
            async for part in request.stream():
                await run_in_threadpool(file.write, part)


def _record(run: Run) -> RunRecord:
    return RunRecord(**run.to_json())

"""The endpoints of the server itself: its state, and the models on its list."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from ... import __version__
from .errors import unknown_is_404
from .model_names import allowed_name, available_models
from .schemas import ModelAdded, ModelRequest, ModelStatus, ServerStatus, error_responses
from .service import ServiceDep

__all__ = ["router"]

router = APIRouter(prefix="/api", tags=["models"])
_Key = Annotated[str, Path(pattern="^[0-9a-f]{12}$")]


@router.get("/state", responses=error_responses())
def state(service: ServiceDep) -> ServerStatus:
    """The server as it is now: models, memory."""
    entries = service.models.all()
    return ServerStatus(
        version=__version__, budget=service.models.budget, used=service.models.used,
        models=[ModelStatus(**each.to_json()) for each in entries],
        default_model=entries[0].key if entries else None,
        offered=available_models(service.settings.folders),
    )  # fmt: skip


@router.post("/models", status_code=202, responses=error_responses(429, 503))
def add_model(service: ServiceDep, wanted: ModelRequest) -> ModelAdded:
    """Put a model on the list and begin to load it; GET /api/state says how that goes."""
    service.check_open()
    name = service.models.resolve(
        wanted.name, lambda new: allowed_name(new, service.settings.folders)
    )
    entry = service.models.add(name, revision=wanted.revision, dtype=wanted.dtype)
    return ModelAdded(key=entry.key)


@router.delete("/models/{key}", status_code=204, responses=error_responses(404))
def drop_model(service: ServiceDep, key: _Key) -> None:
    """Take a model off the list; its work is stopped, its runs stay."""
    with unknown_is_404():
        service.models.remove(key)

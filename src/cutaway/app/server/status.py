"""The endpoints of the server itself: its state, and the models on its list."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from ... import __version__
from .asked import ModelAdded, ModelNow, ModelWanted, StateNow, refusals
from .naming import offered, readable
from .problems import sought
from .service import Here

__all__ = ["router"]

router = APIRouter(prefix="/api", tags=["models"])
_Key = Annotated[str, Path(pattern="^[0-9a-f]{12}$")]


@router.get("/state", responses=refusals())
def state(here: Here) -> StateNow:
    """The server as it is now: models, memory."""
    held = here.models.all()
    return StateNow(
        version=__version__, budget=here.models.budget, used=here.models.used,
        models=[ModelNow(**each.to_json()) for each in held],
        default_model=held[0].key if held else None, offered=offered(here.settings.folders),
    )  # fmt: skip


@router.post("/models", status_code=202, responses=refusals(429, 503))
def add_model(here: Here, wanted: ModelWanted) -> ModelAdded:
    """Put a model on the list and begin to load it; GET /api/state says how that goes."""
    here.check_open()
    name = here.models.again(wanted.name, lambda new: readable(new, here.settings.folders))
    held = here.models.add(name, revision=wanted.revision, dtype=wanted.dtype)
    return ModelAdded(key=held.key)


@router.delete("/models/{key}", status_code=204, responses=refusals(404))
def drop_model(here: Here, key: _Key) -> None:
    """Take a model off the list; its work is stopped, its runs stay."""
    with sought():
        here.models.remove(key)

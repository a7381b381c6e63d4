"""The schemas of the API: the bodies of requests and the records of answers."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field

__all__ = [
    "JobCreated", "JobStatus", "ModelAdded", "ModelRequest", "ModelStatus", "NodeRequest", "RunId",
    "RunList", "RunRecord", "RunRequest", "RunUpdate", "ServerStatus", "ShortText",
    "error_responses",
]  # fmt: skip

#: A name, a tag, a search.
ShortText = Annotated[str, Field(max_length=200)]
_Tags = Annotated[list[Annotated[str, Field(max_length=200, pattern=r"\S")]], Field(max_length=50)]
#: The id of a run, or its first digits.
RunId = Annotated[str, Path(pattern="^[0-9a-f]{4,20}$")]
_NAME_HELP = "any text; it is never part of a path"
#: A branch, tag or commit: no part of it leads up, out of the hub's cache.
_REVISION = r"^\w([\w+-]|[./]\w)*$"
_State = Literal["queued", "running", "done", "failed", "cancelled", "interrupted"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class ModelRequest(_Strict):
    """A model for the list: a hub id, or the name of one in a folder given at the start."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    revision: Annotated[str, Field(max_length=200, pattern=_REVISION)] | None = None
    dtype: Literal["float32", "bfloat16", "float16"] | None = None


class RunRequest(_Strict):
    """A prompt to be read, and how to go on after it.

    model     key of the list; the first one unless said
    chat      the text is one message of a user
    generate  whether the model goes on; without it the options of generation rest
    keep      whether the job goes on when nobody listens
    """

    text: Annotated[str, Field(min_length=1, max_length=200_000)]
    model: str | None = None
    chat: bool = False
    generate: bool = True
    max_new_tokens: Annotated[int, Field(ge=1, le=100_000)] | None = None
    temperature: Annotated[float, Field(ge=0, le=100)] | None = None
    top_k: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    seed: Annotated[int, Field(ge=0, le=2**53)] | None = None
    name: ShortText | None = Field(default=None, description=_NAME_HELP)
    tags: _Tags = []
    keep: bool = False


class NodeRequest(_Strict):
    """A node of an explored tree that is to be a run."""

    node: Annotated[int, Field(ge=0, le=2**31)]
    name: ShortText | None = Field(default=None, description=_NAME_HELP)
    tags: _Tags = []


class RunUpdate(_Strict):
    """What is to be changed of a run."""

    name: ShortText | None = Field(default=None, description=_NAME_HELP)
    tags: _Tags | None = None


class Problem(BaseModel):
    """Why it was refused, in words."""

    problem: str


class JobCreated(BaseModel):
    """The job that makes the run."""

    job: str


class ModelAdded(BaseModel):
    """The model's key on the list."""

    key: str


class TokenRecord(BaseModel):
    """A token as it was chosen."""

    position: int
    id: int
    text: str
    label: str
    probability: float | None


class JobStatus(BaseModel):
    """A job as it is now."""

    id: str
    kind: str
    state: _State
    place: int
    done: int
    total: int
    what: str
    tokens: list[TokenRecord]
    run: str | None
    problem: str


class RunRecord(BaseModel):
    """A run of the store."""

    id: str
    name: str
    tags: list[str]
    created: str
    model: str
    text: str
    n_tokens: int
    produced: int
    kept: list[str]
    bytes: int


class RunList(BaseModel):
    """Some of the runs, the newest first, and how many there are."""

    total: int
    runs: list[RunRecord]


class ModelStatus(BaseModel):
    """A model of the list."""

    key: str
    name: str
    revision: str | None
    dtype: str | None
    state: Literal["waiting", "loading", "ready", "failed", "dropped"]
    problem: str
    bytes: int
    queue: int
    busy: bool
    what: str
    done: int
    total: int
    capabilities: dict[str, bool]


class ServerStatus(BaseModel):
    """The server as it is now."""

    version: str
    budget: int
    used: int
    models: list[ModelStatus]
    default_model: str | None
    offered: list[str]


_WORDS = {
    400: "can't be read", 401: "neither token nor cookie", 403: "wrong Host or Origin",
    404: "not there", 409: "can't be done with what is there", 411: "without a length",
    413: "too long", 422: "a wrong value", 429: "too much waits; Retry-After says when",
    503: "the server is stopping",
}  # fmt: skip


def error_responses(*more: int) -> dict[int | str, dict[str, Any]]:
    """The answers of an endpoint that refuses, for the schema."""
    return {
        status: {"model": Problem, "description": _WORDS[status]}
        for status in (400, 401, 403, 413, 422, *more)
    }

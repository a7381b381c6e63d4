"""The arguments of `LM` and its methods, for the kinds of model that pass them on as they are."""

from __future__ import annotations

from typing import Any, Required, TypedDict

from .streaming import OnToken
from .traces import Keep

__all__ = ["Generating", "Naming", "Tracing"]


class Naming(TypedDict, total=False):
    """Of `LM`: what it is called on its card."""

    name: Required[str]
    revision: str


class Tracing(TypedDict, total=False):
    """Of `LM.trace`."""

    target: Any
    keep: Keep
    add_special_tokens: bool
    add_generation_prompt: bool


class Generating(TypedDict, total=False):
    """Of `LM.generate`."""

    target: Any
    max_new_tokens: int
    temperature: float
    top_k: int | None
    top_p: float | None
    num_beams: int
    seed: int
    continuation: str | None
    on_token: OnToken | None
    keep: Keep

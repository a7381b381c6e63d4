"""The arguments of `LM` and its methods, for the kinds of model that pass them on as they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Required, TypedDict

import numpy as np
from numpy.typing import NDArray

from .materials import Keep
from .streaming import OnToken

__all__ = ["Chat", "Generating", "Ids", "Naming", "Tracing"]

Chat = Sequence[Mapping[str, Any]]
Ids = Sequence[int] | NDArray[np.integer[Any]]


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

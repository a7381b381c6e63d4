"""Writing a trace to its file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.files import write_whole
from .container import write_container
from .header import header
from .packed import pack_calls
from .source import Rows
from .trace import Trace

__all__ = ["ANSWERS", "DISTANCES", "write"]

#: The fields of Rows that are one array each, and how their names begin in the file.
ANSWERS = (
    "token_id", "probability", "logit", "target_id", "rank", "target_logit", "target_logprob",
    "entropy",
)  # fmt: skip
DISTANCES = "answers/distances/"


def write(trace: Trace, path: Path) -> Path:
    """Write a trace as one file, whole or not at all; returns its path.

    Raises FileError where it can't be written.
    """
    values, arrays = header(trace), _arrays(trace)
    version = 1
    if trace.calls:
        values["attention"], calls = pack_calls(trace.calls)
        arrays, version = arrays | calls, 2
    return write_whole(path, lambda file: write_container(file, values, arrays, version=version))


def _arrays(trace: Trace) -> dict[str, NDArray[Any]]:
    """The arrays by their names in the file: "states/-1", "answers/rank"."""
    arrays: dict[str, NDArray[Any]] = {
        f"{name}/{layer}": array
        for name, layers in trace.materials.items()
        for layer, array in layers.items()
    }
    return arrays if trace.answers is None else arrays | _answers(trace.answers)


def _answers(rows: Rows) -> dict[str, NDArray[Any]]:
    named = {f"answers/{name}": np.asarray(getattr(rows, name)) for name in ANSWERS}
    return named | {DISTANCES + name: array for name, array in rows.distances.items()}

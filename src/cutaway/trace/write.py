"""Writing a trace to its file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.files import write_whole
from .header import header
from .packed import CROSSINGS, pack_calls
from .source import Rows
from .trace import Trace
from .write_container import write_container

__all__ = ["ANSWERS", "DISTANCES", "ENCODER", "HEARD", "VERDICTS", "write"]

#: The fields of Rows that are one array each, and how their names begin in the file.
ANSWERS = (
    "token_id", "probability", "logit", "target_id", "rank", "target_logit", "target_logprob",
    "entropy",
)  # fmt: skip
DISTANCES = "answers/distances/"
#: How a classifier's logits are called.
VERDICTS = "verdicts/logits"
#: How the features of a sound are called.
HEARD = "sound/features"
#: How the names of the arrays of an encoder's trace begin.
ENCODER = "encoder/"


def write(trace: Trace, path: Path) -> Path:
    """Write a trace as one file, whole or not at all; returns its path.

    Raises FileError where it can't be written.
    """
    values, arrays = _packed(trace)
    version = 2 if trace.calls else 1
    if trace.verdicts is not None:
        version = 3
    if trace.encoder is not None:
        version = 3
        values["encoder"], more = _packed(trace.encoder)
        arrays |= {f"{ENCODER}{name}": array for name, array in more.items()}
    if (trace.encoder or trace).is_sound:
        version = 4
    return write_whole(path, lambda file: write_container(file, values, arrays, version=version))


def _packed(trace: Trace) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """The header's values and the arrays by name, without those of its encoder."""
    values, arrays = header(trace), _arrays(trace)
    if trace.calls:
        values["attention"], calls = pack_calls(trace.calls)
        arrays |= calls
    if trace.verdicts is not None:
        arrays[VERDICTS] = trace.verdicts
    if trace.heard is not None:
        arrays[HEARD] = trace.heard
    if trace.crossings:
        values["crossings"], calls = pack_calls(trace.crossings, CROSSINGS)
        arrays |= calls
    return values, arrays


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

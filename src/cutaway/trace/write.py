"""Writing a trace to its file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.files import write_whole
from .array_names import (
    ANSWER_FIELDS,
    ANSWERS,
    CLASS_LOGITS,
    CROSS_ATTENTION,
    DISTANCES,
    ENCODER,
    SOUND_FEATURES,
)  # fmt: skip
from .header import header
from .source import Rows
from .stored_attention import pack_calls
from .trace import Trace
from .write_container import write_container

__all__ = ["write"]


def write(trace: Trace, path: Path) -> Path:
    """Write a trace as one file, whole or not at all; returns its path.

    Raises FileError where it can't be written.
    """
    values, arrays = _contents(trace)
    if trace.encoder is not None:
        values["encoder"], more = _contents(trace.encoder)
        arrays |= {f"{ENCODER}{name}": array for name, array in more.items()}
    version = _version(trace)
    return write_whole(path, lambda file: write_container(file, values, arrays, version=version))


def _version(trace: Trace) -> int:
    """The oldest format that has what the trace holds."""
    if (trace.encoder or trace).is_sound:
        return 4
    if trace.encoder is not None or trace.class_logits is not None:
        return 3
    return 2 if trace.calls else 1


def _contents(trace: Trace) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """The header's values and the arrays by name, without those of its encoder."""
    values, arrays = header(trace), _arrays(trace)
    if trace.calls:
        values["attention"], calls = pack_calls(trace.calls)
        arrays |= calls
    if trace.class_logits is not None:
        arrays[CLASS_LOGITS] = trace.class_logits
    if trace.sound_features is not None:
        arrays[SOUND_FEATURES] = trace.sound_features
    if trace.cross_calls:
        values["crossings"], calls = pack_calls(trace.cross_calls, CROSS_ATTENTION)
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
    named = {ANSWERS + name: np.asarray(getattr(rows, name)) for name in ANSWER_FIELDS}
    return named | {DISTANCES + name: array for name, array in rows.distances.items()}

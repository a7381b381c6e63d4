"""What every lens's dataset carries: the tokens, the model, the options and the units.

A dataset stands alone: views, files and trackers read nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..trace.trace import Trace

__all__ = ["finish", "strings", "token_coords", "vocabulary"]


def finish(
    dataset: xr.Dataset, trace: Trace, *, lens: str, options: Mapping[str, Any]
) -> xr.Dataset:
    """The dataset with the attributes every view reads; JSON values are kept as text.

    attrs: lens, options, model (the card), run (how the trace was made), notes.
    """
    dataset.attrs.update(
        lens=lens,
        options=json.dumps(dict(options), ensure_ascii=False, default=_plain),
        model=json.dumps(trace.card.to_json(), ensure_ascii=False),
        run=json.dumps(dict(trace.options), ensure_ascii=False),
        notes=json.dumps(list(trace.notes), ensure_ascii=False),
    )
    return dataset


def _plain(value: Any) -> Any:
    """A number of numpy's as Python's: whoever counts with arange gives such."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} is no JSON value")


def token_coords(
    trace: Trace, positions: Sequence[int], axis: str = "position"
) -> dict[str, tuple[str, NDArray[Any]]]:
    """Coordinates along an axis of positions: the axis itself and what is printed there.

    position          its number
    input_id, input   id and label of the token read there
    input_text        the characters it covers
    produced          whether the model produced it
    role              its chat role, "" outside a chat
    next_id, next     id and label of the token that came of it; -1, "" at the end, and all along
                      the text of a masked model, which says the token that stands there
    segment           of a pair of texts: 0 in the first, 1 in the second, -1 in what is around them
    time              of a sound: the second at which the frame begins
    """
    row = trace.tokens
    at = list(positions)
    T = len(row)
    has_next = [i + 1 < T and not trace.card.is_masked for i in at]
    texts = row.texts
    prefix = "" if axis == "position" else f"{axis}_"
    values: dict[str, NDArray[Any]] = {
        axis: np.asarray(at, dtype=np.int64),
        f"{prefix}input_id": np.asarray([row.ids[i] if i < T else -1 for i in at], dtype=np.int64),
        f"{prefix}input": strings(row.labels[i] if i < T else "" for i in at),
        f"{prefix}input_text": strings(texts[i] if i < T else "" for i in at),
        f"{prefix}produced": np.asarray([i >= row.n_prompt for i in at], dtype=bool),
        f"{prefix}role": strings(row.roles[i] if i < T else "" for i in at),
        f"{prefix}next_id": np.asarray(
            [row.ids[i + 1] if ok else -1 for i, ok in zip(at, has_next, strict=True)],
            dtype=np.int64,
        ),
        f"{prefix}next": strings(
            row.labels[i + 1] if ok else "" for i, ok in zip(at, has_next, strict=True)
        ),
    }
    if row.times:
        seconds = [row.times[i] if i < T else np.nan for i in at]
        values[f"{prefix}time"] = np.asarray(seconds, dtype=np.float64)
    if row.segments:
        within = [row.segments[i] if i < T else -1 for i in at]
        values[f"{prefix}segment"] = np.asarray(within, dtype=np.int64)
    return {name: (axis, value) for name, value in values.items()}


def vocabulary(trace: Trace, token_ids: NDArray[np.int64]) -> NDArray[Any]:
    """Labels of an array of token ids, in its shape; each distinct id is looked up once."""
    distinct, where = np.unique(token_ids, return_inverse=True)
    labels = strings(piece.label for piece in trace.source.pieces(distinct.tolist()))
    return labels[where].reshape(token_ids.shape) if labels.size else token_ids.astype(str)


def strings(values: Any) -> NDArray[Any]:
    """Strings as an array of objects, so that a trailing NUL or a long one survives."""
    listed = list(values)
    array = np.empty(len(listed), dtype=object)
    array[:] = listed
    return array

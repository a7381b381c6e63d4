"""Texts as points on a line: the nearest by their cosine, or all on the way between two."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from ..core.numbers import percent, quantity
from .header import Runs, attribute, header
from .shown_texts import shown_text, shown_texts
from .spec import Spec

__all__ = ["MOST", "nearest_spec", "projection_spec"]

#: The most points of a picture; of more a half from either end of the line.
MOST = 100
_MOST_TICKS = 7


def nearest_spec(dataset: xr.Dataset) -> Spec:
    """A point for each neighbour at its cosine, best first.

    dataset  of nearest: similarity, text (k)

    The header adds: texts, low, high, ticks (the axis), ends (what stands at 0 and at 1, or
    null), axis (what it is), gap (how many points come before those left out, or null). Arrays:
    value (n).
    """
    asked, values = attribute(dataset, "options"), dataset["similarity"].values
    tokens = "token_id" in dataset
    query, texts = _query(asked["query"], tokens), shown_texts(dataset, "text")
    quoted = query if tokens else f"“{query}”"
    common = header(
        dataset,
        heading=f"What is nearest to {quoted}",
        about=f"The cosine of each one's vector with that of {quoted} ({asked['words']}): 1 where "
        f"they point the same way. {_searched(asked, tokens)}",
        sentence=_nearest_sentence(texts, values, query),
    )
    low = min(0.0, float(values.min())) if len(values) else 0.0
    own = _axis(min(low, 0.0), 1.0) | {
        "texts": texts, "ends": None, "axis": "cosine", "gap": None,
    }  # fmt: skip
    return Spec("points", common | own, {"value": values.astype(np.float32)})


def projection_spec(dataset: xr.Dataset) -> Spec:
    """A point for each text at its projection, from the start down to the end.

    dataset  of projection: projection (run)

    Of more than 100 texts the 50 nearest to either end. Header and arrays as in `nearest_spec`.
    """
    asked, n = attribute(dataset, "options"), dataset.sizes["run"]
    order = np.argsort(dataset["projection"].values, kind="stable")
    if n > MOST:
        order = np.concatenate([order[: MOST // 2], order[-MOST // 2 :]])
    shown = dataset.isel(run=order)
    values, texts = shown["projection"].values, shown_texts(shown)
    tokens = "token_id" in dataset.coords
    start, end = (_joined(some, tokens) for some in asked["ends"])
    common = header(
        dataset,
        heading=f"From {start} to {end}",
        about=f"Where each text's vector ({asked['words']}) lies along the line between two: 0 at "
        f"{start}, 1 at {end}, and 0.5 is as far from both.",
        sentence=_projection_sentence(texts, values, (start, end)),
    )
    if n > MOST:
        common["notes"] = [*common["notes"], f"shown are {MOST // 2} at either end of {n:,}"]
    own = _axis(min(0.0, float(values.min())), max(1.0, float(values.max()))) | {
        "texts": texts, "ends": [start, end], "axis": "projection",
        "gap": MOST // 2 if n > MOST else None,
    }  # fmt: skip
    return Spec("points", common | own, {"value": values.astype(np.float32)})


def _query(given: str | Sequence[str], tokens: bool) -> str:
    """A text, or the three of an analogy as a sum."""
    if isinstance(given, str):
        return shown_text(given, token=tokens)
    a, b, c = (shown_text(one, token=tokens) for one in given)
    return f"{a} − {b} + {c}"


def _joined(texts: Sequence[str], tokens: bool) -> str:
    return ", ".join(shown_text(one, token=tokens) for one in texts)


def _searched(asked: Mapping[str, Any], tokens: bool) -> str:
    """What was looked at, and how well."""
    kind, out = "tokens" if tokens else "texts", asked.get("left_out", ())
    are = "are" if len(out) > 1 else "is"
    without = f" {_joined(out, tokens)} {are} left out." if out else ""
    if asked["exact"]:
        return f"All {asked['of']:,} {kind} were looked at: the answer is exact.{without}"
    return (
        f"Of {asked['of']:,} {kind} those in {asked['index']} were looked at. Of the {asked['k']} "
        f"nearest of 100 {kind} that were drawn this finds {percent(asked['recall'])}.{without}"
    )


def _nearest_sentence(texts: list[str], values: np.ndarray, query: str) -> Runs:
    if not texts:
        return [["", "None is left."]]
    runs = [["", "Nearest to "], ["in", query], ["", " is "], ["out", texts[0]]]
    return [*runs, ["", " ("], ["b", quantity(float(values[0]))], ["", ")."]]


def _projection_sentence(texts: list[str], values: np.ndarray, ends: tuple[str, str]) -> Runs:
    """The first and the last of them."""
    places = [(ends[0], 0), (ends[1], -1)][: len(texts)]
    runs = [["", "Furthest towards "]]
    for n, (end, place) in enumerate(places):
        runs += [["", ", towards "]] if n else []
        runs += [["in", end], ["", " lies "], ["out", texts[place]], ["", " ("]]
        runs += [["b", quantity(float(values[place]))], ["", ")"]]
    return [*runs, ["", "."]]


def _axis(low: float, high: float) -> dict[str, Any]:
    """From low to high with a little room, and round numbers between: at most seven."""
    power = 10.0 ** math.floor(math.log10((high - low) / _MOST_TICKS))
    step = next(
        size * power for size in (1, 2, 2.5, 5, 10) if (high - low) / (size * power) < _MOST_TICKS
    )
    numbers = range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)
    room = 0.02 * (high - low)
    return {
        "low": low - room, "high": high + room,
        "ticks": [round(number * step, 10) for number in numbers],
    }  # fmt: skip

"""The classes after each layer as a figure and as a table, final layer on top."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..core.axes import layer_name
from ..core.errors import InvalidError
from ..core.numbers import percent, quantity
from ..view.spec import Spec
from .drawing import DIM, canvas, drawable, short, write
from .ramp import ink
from .scale import Scale
from .tabular import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["classes_figure", "classes_table"]

_HEAD, _ROW, _TITLE, _FOOT = 0.75, 0.2, 0.22, 0.35
_COLUMN = 0.78
_MOST = 64
_LONGEST = 11
_MOST_IN_TABLE = 12


def classes_figure(spec: Spec) -> Figure:
    """A coloured cell for each layer and label or token; of an answer its begin and its end.

    Raises InvalidError for more than 64 columns.
    """
    panels = list(_panels(spec))
    count = panels[0][2].shape[1]
    if count > _MOST:
        raise InvalidError("columns", count, allowed=f"at most {_MOST} in a figure",
                           fix="save a page (.html)")  # fmt: skip
    each = _TITLE + len(spec.header["layers"]) * _ROW + _FOOT
    drawn, axes = canvas(spec, _HEAD + count * _COLUMN, each * len(panels))
    for n, (title, words, values) in enumerate(panels):
        _panel(axes, spec, n * each, title, words, values)
    return drawn


def _panels(spec: Spec) -> Iterator[tuple[str, list[list[str]], NDArray[Any]]]:
    """Title, words (layer, column) and values of each grid."""
    name = spec.header["quantities"][0]["name"]
    values, labels = spec.arrays[name], spec.header["labels"]
    if spec.header["task"] == "sequence":
        yield "", _printed(name, values[:, 0]), values[:, 0]
    elif spec.header["task"] == "span":
        for i, label in enumerate(labels):
            yield label, _printed(name, values[..., i]), values[..., i]
    else:
        top = values.argmax(axis=-1)
        words = [[labels[i] for i in row] for row in top.tolist()]
        yield "", words, values.max(axis=-1)


def _printed(name: str, values: NDArray[Any]) -> list[list[str]]:
    show = percent if name == "probability" else quantity
    return [[show(value) for value in row] for row in values.tolist()]


def _columns(spec: Spec) -> list[str]:
    row = spec.header["row"]
    return list(spec.header["labels"] if row is None else row["inputs"])


def _panel(
    axes: Axes, spec: Spec, top: float, title: str, words: list[list[str]], values: NDArray[Any]
) -> None:
    painted = Scale.of(spec.header["quantities"][0]).colours(values)[::-1]
    rows, columns = values.shape
    write(axes, _HEAD, top + 0.1, title, size=7, weight="bold")
    x = _HEAD + _COLUMN * np.arange(columns + 1)
    y = top + _TITLE + _ROW * np.arange(rows + 1)
    axes.pcolormesh(x, y, painted / 255.0, edgecolors="white", linewidth=0.5)
    for r in range(rows):
        middle = top + _TITLE + _ROW * (r + 0.5)
        name = layer_name(spec.header["layers"][rows - 1 - r])
        write(axes, _HEAD - 0.07, middle, name, size=6.5, ha="right", color=DIM)
        for c in range(columns):
            said = short(drawable(words[rows - 1 - r][c]), _LONGEST)
            write(axes, _HEAD + _COLUMN * (c + 0.5), middle, said, ha="center", size=6.5,
                  color=ink(painted[r, c]))  # fmt: skip
    for c, label in enumerate(_columns(spec)):
        write(axes, _HEAD + _COLUMN * (c + 0.5), y[-1] + 0.12, short(drawable(label), _LONGEST),
              ha="center", size=6.5)  # fmt: skip


def classes_table(spec: Spec) -> Table:
    """Layers down, final on top: the labels, the tokens' labels, or the best answers."""
    header = spec.header
    if header["task"] == "span":
        return _answers(spec)
    (_, words, values), *_ = _panels(spec)
    columns, start = _columns(spec), 0
    if header["task"] == "token":
        start = max(0, len(columns) - _MOST_IN_TABLE)
        show = percent if header["quantities"][0]["name"] == "probability" else quantity
        words = [
            [f"{word} {show(value)}" for word, value in zip(line, row, strict=True)]
            for line, row in zip(words, values.tolist(), strict=True)
        ]
        columns = [f"{at}: {label}" for at, label in enumerate(columns)]
    left = f"; the last {_MOST_IN_TABLE} of {len(columns):,} tokens" if start else ""
    name = header["quantities"][0]["words"]
    return Table(
        caption=f"After each layer the {name}{left}",
        columns=("layer", *columns[start:]),
        rows=tuple(
            (layer_name(layer), *line[start:])
            for layer, line in reversed(list(zip(header["layers"], words, strict=True)))
        ),
    )


def _answers(spec: Spec) -> Table:
    """A row per layer: its best answers with their probabilities."""
    spans = spec.header["spans"]
    k = max(len(each["best"]) for each in spans)
    lines = [
        [f"{one['text']} {percent(one['probability'])}" for one in each["best"]] for each in spans
    ]
    rows = reversed(list(zip(spec.header["layers"], lines, strict=True)))
    return Table(
        caption="The likeliest answers after each layer: p(begins there) x p(ends there)",
        columns=("layer", *(str(n + 1) for n in range(k))),
        rows=tuple((layer_name(layer), *line, *[""] * (k - len(line))) for layer, line in rows),
    )

"""The candidates table in the terminal: a row per layer, the k tokens with bars."""

from __future__ import annotations

from collections.abc import Iterator

from rich.cells import cell_len
from rich.text import Text

from ..core.numbers import percent
from ..view.spec import Spec
from .candidate_layers import layer_names
from .text_lens import fitted

__all__ = ["candidates_text"]

_BAR = 5
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_WIDEST = 14
_NUMBER = len("< 0.01 %")
_GAP = 2


def candidates_text(spec: Spec, width: int | None) -> Iterator[Text]:
    """The lines of the table; k is wrapped into several tables where the width is too small."""
    labels = _labels(spec)
    longest = max(cell_len(label) for row in labels for label in row)
    token = longest if width is None else min(longest, _WIDEST)
    layers = layer_names(spec)
    heads = max(len("layer"), *(len(name) for name in layers))
    cell = _GAP + token + 1 + _BAR + 1 + _NUMBER
    k = spec.header["k"]
    per_table = k if width is None else max(1, (width - heads) // cell)
    for start in range(0, k, per_table):
        ranks = range(start, min(k, start + per_table))
        head = "".join(" " * _GAP + fitted(str(rank + 1), cell - _GAP) for rank in ranks)
        yield Text("layer".rjust(heads) + head, style="dim")
        for r in reversed(range(len(layers))):
            line = Text.assemble((layers[r].rjust(heads), "dim"))
            for rank in ranks:
                probability = float(spec.arrays["top_probability"][r, rank])
                line.append(" " * _GAP + fitted(labels[r][rank], token), style="bold")
                line.append(" " + bar(probability), style="yellow")
                line.append(" " + percent(probability).rjust(_NUMBER))
            yield line
        yield Text()
    yield Text(f"Bars: {spec.header['words']}. Final layer on top.", style="dim")


def bar(share: float, length: int = _BAR) -> str:
    """A share from 0 to 1 as a bar of eighths of a column; never empty for what is not 0.

    >>> bar(0.5, 4), bar(1.0, 4), bar(0.0001, 4), bar(0.0, 4)
    ('██  ', '████', '▏   ', '    ')
    """
    if not share > 0:
        return " " * length
    eighths = max(1, round(share * 8 * length))
    return ("█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()).ljust(length)


def _labels(spec: Spec) -> list[list[str]]:
    words = spec.header["vocabulary"]
    return [[words[i] if i >= 0 else "–" for i in row] for row in spec.arrays["top_index"].tolist()]

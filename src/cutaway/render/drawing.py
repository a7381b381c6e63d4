"""What every figure is drawn with: fonts that hold every token, text that is never markup."""

from __future__ import annotations

from functools import cache
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from ..view.spec import Spec
from .ramp import DARK_INK

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

__all__ = ["DIM", "canvas", "drawable", "short", "write"]

DIM = "#68707c"
_FONT = "DejaVu Sans"
#: Inches that a letter takes at size 8, with room to spare, and that lines are apart.
_LETTER, _LINE = 0.058, 0.16
#: Asked for what DejaVu Sans lacks, where they are installed.
_FALLBACKS = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "Source Han Sans SC", "WenQuanYi Zen Hei",
    "PingFang SC", "Hiragino Sans", "Microsoft YaHei", "Noto Sans Devanagari", "Noto Sans Thai",
)  # fmt: skip


def canvas(spec: Spec, width: float, height: float) -> tuple[Figure, Axes]:
    """An empty figure with the Spec's heading, sentence and model; the axes' unit is the inch.

    width, height  of the drawing in inches; the words get their own room above and below
    The axes run from (0, 0) at the top left to (width, height) at the bottom right.
    """
    from matplotlib.figure import Figure

    room = max(width, 6.0)
    sentence = wrap("".join(run[1] for run in spec.header["sentence"]), int(room / _LETTER))
    top, bottom, side = 0.6 + _LINE * len(sentence), 0.4, 0.25
    whole = (room + 2 * side, height + top + bottom)
    drawn = Figure(figsize=whole, facecolor="white")
    axes = drawn.add_axes((side / whole[0], bottom / whole[1], width / whole[0], height / whole[1]))
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.axis("off")
    write(axes, 0, 0.2 - top, spec.header["heading"], size=10, weight="bold")
    for line, words in enumerate(sentence):
        write(axes, 0, 0.43 - top + _LINE * line, words, size=8, color=DIM)
    model = " · ".join(v for n, v in spec.header["provenance"] if n in ("model", "precision"))
    made = short(f"Cutaway · {model}", int(room / _LETTER))
    write(axes, 0, height + 0.25, made, size=6.5, color=DIM)
    return drawn, axes


def write(axes: Axes, x: float, y: float, words: str, **style: Any) -> Text:
    """Text at a place; "$" is no mathematics, and no glyph is missing from its fonts."""
    return axes.text(
        x, y, drawable(words), family=list(_families()), parse_math=False,
        **{"va": "center", "color": DARK_INK, "size": 7, "clip_on": False, **style},
    )  # fmt: skip


def drawable(words: str) -> str:
    """The words with each character that no installed font has written by its number."""
    known = _characters()
    return "".join(c if ord(c) in known else f"‹{ord(c):X}›" for c in words)


def short(words: str, most: int) -> str:
    """At most that many characters, the last one … where some are left out.

    >>> short("·Copenhagen", 7), short("·Rome", 7)
    ('·Copen…', '·Rome')
    """
    return words if len(words) <= most else words[: most - 1] + "…"


@cache
def _families() -> tuple[str, ...]:
    from matplotlib.font_manager import fontManager

    installed = {font.name for font in fontManager.ttflist}
    return (_FONT, *(name for name in _FALLBACKS if name in installed))


@cache
def _characters() -> frozenset[int]:
    """Every code point that one of the fonts can draw."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    paths = [findfont(FontProperties(family=name)) for name in _families()]
    return frozenset().union(*(get_font(path).get_charmap() for path in paths))

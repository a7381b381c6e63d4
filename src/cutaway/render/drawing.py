"""What every figure is drawn with: fonts that hold every token, text that is never markup."""

from __future__ import annotations

from functools import cache
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

    top, bottom, side = 0.75, 0.4, 0.25
    whole = (max(width, 6.0) + 2 * side, height + top + bottom)
    drawn = Figure(figsize=whole, facecolor="white")
    axes = drawn.add_axes((side / whole[0], bottom / whole[1], width / whole[0], height / whole[1]))
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.axis("off")
    sentence = "".join(run[1] for run in spec.header["sentence"])
    room = int((max(width, 6.0) - 0.1) / 0.075)
    write(axes, 0, -0.52, spec.header["heading"], size=10, weight="bold", va="center")
    write(axes, 0, -0.27, short(sentence, room), size=8, color=DIM, va="center")
    model = " · ".join(v for n, v in spec.header["provenance"] if n in ("model", "precision"))
    write(axes, 0, height + 0.25, short(f"Cutaway · {model}", room), size=6.5, color=DIM)
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

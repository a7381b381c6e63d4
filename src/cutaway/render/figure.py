"""A Spec as SVG or PNG, drawn with matplotlib; the same Spec gives the same bytes."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from ..core.errors import InvalidError, MissingError, UnknownError
from ..view.spec import Spec
from .classes import classes_figure
from .figure_alignment import alignment_figure
from .figure_anatomy import anatomy_figure
from .figure_attention import attention_figure
from .figure_attention_neuron import attention_neuron_figure
from .figure_candidates import candidates_figure
from .figure_compare import compare_attention_figure, compare_figure
from .figure_compare_experts import compare_experts_figure
from .figure_deletion import deletion_figure
from .figure_embed import embed_figure
from .figure_explore import explore_figure
from .figure_lens import lens_figure
from .figure_neurons import clusters_figure, factors_figure, neurons_figure
from .figure_points import points_figure
from .figure_race import pairs_figure, watch_figure
from .figure_report import report_figure
from .figure_routing import experts_figure
from .figure_saliency import saliency_figure
from .figure_walk import walk_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["FIGURES", "figure", "still"]

_DOTS_PER_INCH = 160
#: Of a still picture in a notebook, with the most words it may have.
_STILL_DOTS_PER_INCH, _STILL_WORDS = 100, 700
#: Kind of picture -> its drawing.
FIGURES: Mapping[str, Callable[[Spec], Figure]] = {
    "logit_lens": lens_figure,
    "candidates": candidates_figure,
    "classes": classes_figure,
    "saliency": saliency_figure,
    "deletion": deletion_figure,
    "watch": watch_figure,
    "pairs": pairs_figure,
    "neurons": neurons_figure,
    "clusters": clusters_figure,
    "factors": factors_figure,
    "experts": experts_figure,
    "attention": attention_figure,
    "alignment": alignment_figure,
    "compare": compare_figure,
    "compare_attention": compare_attention_figure,
    "compare_experts": compare_experts_figure,
    "attention_neuron": attention_neuron_figure,
    "anatomy": anatomy_figure,
    "walk": walk_figure,
    "embed": embed_figure,
    "points": points_figure,
    "explore": explore_figure,
    "report": report_figure,
}
#: The same in fewer words, where that is still a picture.
_IN_FEWER_WORDS: Mapping[str, Callable[[Spec], Figure]] = {
    "logit_lens": lambda spec: lens_figure(spec, told=0)
}
#: matplotlib's settings are global: one picture is written at a time.
_WRITING = threading.Lock()


def figure(spec: Spec, fmt: str) -> bytes:
    """The picture as a file's bytes; its provenance is in the file's own metadata.

    fmt  "svg" or "png"

    Raises MissingError without matplotlib, UnknownError for a kind that has no figure, and
    InvalidError for a picture too large to draw.
    """
    if find_spec("matplotlib") is None:
        raise MissingError(
            "matplotlib", because=f"it draws .{fmt} files", fix="pip install 'cutaway[plot]'"
        )
    if spec.kind not in FIGURES:
        raise UnknownError("kind of picture", spec.kind, allowed=FIGURES)
    return _written(FIGURES[spec.kind](spec), spec, fmt, _DOTS_PER_INCH)


def still(spec: Spec) -> bytes | None:
    """A PNG for where no script runs, drawn in about half a second, or None.

    Each word takes its time: a logit lens of more than 700 has none in its cells. None without
    matplotlib, for a kind that has no figure, and for another picture of more words or one too
    large to draw. The first one also imports matplotlib.
    """
    if find_spec("matplotlib") is None or spec.kind not in FIGURES:
        return None
    for draw in (FIGURES[spec.kind], _IN_FEWER_WORDS.get(spec.kind)):
        try:
            drawn = draw(spec) if draw else None
        except InvalidError:
            return None
        if drawn and sum(len(axes.texts) for axes in drawn.axes) <= _STILL_WORDS:
            return _in_few_colours(_written(drawn, spec, "png", _STILL_DOTS_PER_INCH))
    return None


def _in_few_colours(picture: bytes) -> bytes:
    """A PNG with a palette: a third of the bytes, every colour within 8 of 255 of its own."""
    from PIL import Image, PngImagePlugin

    with Image.open(io.BytesIO(picture)) as drawn:
        words = PngImagePlugin.PngInfo()
        for name, value in drawn.text.items():  # type: ignore[attr-defined]
            words.add_itxt(name, value)
        few = drawn.convert("RGB").quantize(
            256, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE
        )
    file = io.BytesIO()
    few.save(file, "PNG", pnginfo=words)
    return file.getvalue()


def _written(drawn: Figure, spec: Spec, fmt: str, dots: int) -> bytes:
    import matplotlib as mpl

    file = io.BytesIO()
    # A fixed salt makes the ids inside an SVG the same every time.
    with _WRITING, mpl.rc_context({"svg.hashsalt": "cutaway"}):
        drawn.savefig(file, format=fmt, dpi=dots, metadata=_metadata(spec, fmt))
    return file.getvalue()


def _metadata(spec: Spec, fmt: str) -> dict[str, Any]:
    rows = "\n".join(f"{name}: {value}" for name, value in spec.header["provenance"])
    # XML has no place for control characters, escaped or not.
    words = "".join(c if c.isprintable() or c == "\n" else f"‹{ord(c):02X}›" for c in rows)
    shared = {"Title": spec.header["title"], "Description": words}
    if fmt == "svg":
        return {**shared, "Creator": "Cutaway", "Date": None}
    return {**shared, "Software": "Cutaway"}

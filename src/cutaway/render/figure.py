"""A Spec as SVG or PNG, drawn with matplotlib; the same Spec gives the same bytes."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ..core.errors import MissingError, UnknownError
from ..view.spec import Spec
from .figure_anatomy import anatomy_figure
from .figure_attention import attention_figure
from .figure_candidates import candidates_figure
from .figure_deletion import deletion_figure
from .figure_lens import lens_figure
from .figure_neurons import clusters_figure, factors_figure, neurons_figure
from .figure_race import pairs_figure, watch_figure
from .figure_saliency import saliency_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["FIGURES", "FORMATS", "figure"]

FORMATS = ("svg", "png")
_DOTS_PER_INCH = 160
#: Kind of picture -> its drawing.
FIGURES: Mapping[str, Callable[[Spec], Figure]] = {
    "logit_lens": lens_figure,
    "candidates": candidates_figure,
    "saliency": saliency_figure,
    "deletion": deletion_figure,
    "watch": watch_figure,
    "pairs": pairs_figure,
    "neurons": neurons_figure,
    "clusters": clusters_figure,
    "factors": factors_figure,
    "attention": attention_figure,
    "anatomy": anatomy_figure,
}
#: matplotlib's settings are global: one picture is written at a time.
_WRITING = threading.Lock()


def figure(spec: Spec, fmt: str) -> bytes:
    """The picture as a file's bytes; its provenance is in the file's own metadata.

    fmt  "svg" or "png"

    Raises MissingError without matplotlib, UnknownError for a kind that has no figure, and
    InvalidError for a picture too large to draw.
    """
    try:
        import matplotlib as mpl
    except ImportError:
        raise MissingError(
            "matplotlib", because=f"it draws .{fmt} files", fix="pip install 'cutaway[plot]'"
        ) from None
    if spec.kind not in FIGURES:
        raise UnknownError("kind of picture", spec.kind, allowed=FIGURES)
    drawn = FIGURES[spec.kind](spec)
    file = io.BytesIO()
    # A fixed salt makes the ids inside an SVG the same every time.
    with _WRITING, mpl.rc_context({"svg.hashsalt": "cutaway"}):
        drawn.savefig(file, format=fmt, dpi=_DOTS_PER_INCH, metadata=_metadata(spec, fmt))
    return file.getvalue()


def _metadata(spec: Spec, fmt: str) -> dict[str, Any]:
    rows = "\n".join(f"{name}: {value}" for name, value in spec.header["provenance"])
    # XML has no place for control characters, escaped or not.
    words = "".join(c if c.isprintable() or c == "\n" else f"‹{ord(c):02X}›" for c in rows)
    shared = {"Title": spec.header["title"], "Description": words}
    if fmt == "svg":
        return {**shared, "Creator": "Cutaway", "Date": None}
    return {**shared, "Software": "Cutaway"}

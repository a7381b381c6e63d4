"""The names of a candidates table's rows: what text, table and figure print beside them."""

from __future__ import annotations

from ..core.axes import layer_name
from ..view.spec import Spec

__all__ = ["layer_names"]


def layer_names(spec: Spec) -> list[str]:
    """Layer by layer, from the input up: "≠ 12" where float32 puts another token on top."""
    layers, other = spec.header["layers"], spec.header["float32"]
    return [
        f"{'≠ ' if differs else ''}{layer_name(layer)}"
        for layer, differs in zip(layers, other, strict=True)
    ]

"""What a classifier's lenses say of one token, in sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import xarray as xr

from ..core.numbers import percent, quantity
from ..core.tokens import display_text
from .account_facts import Line
from .header import attribute

__all__ = ["class_lines"]

Link = Callable[[str], Any]


def class_lines(
    classes: xr.Dataset | None, saliency: xr.Dataset | None, at: int, link: Link
) -> Iterator[Line]:
    """What the model answers, of this token or of the text, and the token's share in it.

    link  section -> where its numbers come from
    """
    if classes is not None:
        task = attribute(classes, "options")["task"]
        last = classes.isel(layer=-1)
        if task == "span":
            yield _place(last, at, link("classes"))
        else:
            yield _label(last if task == "sequence" else last.sel(position=at), link("classes"))
    if saliency is not None:
        yield _share(saliency, at, link("saliency"))


def _label(last: xr.Dataset, link: Any) -> Line:
    """The best label of the text, or of the token that was selected."""
    best = last.isel(label=int(last["logit"].values.argmax()))
    line: Line = [["", "The model says ", None]]
    if "input" in last.coords:
        line = [["", "Of ", None], ["in", str(last["input"].item()), None]]
        line += [["", " the model says ", None]]
    share = float(best["probability"])
    score = quantity(float(best["logit"]), "logit") if np.isnan(share) else percent(share)
    label = display_text(str(best["label"].item()))
    return [
        *line, ["out", label, None], ["", " with ", None], ["b", score, link], ["", ".", None],
    ]  # fmt: skip


def _place(last: xr.Dataset, at: int, link: Any) -> Line:
    """Whether the answer begins and ends at a token."""
    here = last["probability"].sel(position=at)
    return [
        ["", "The answer begins at ", None], ["in", str(here["input"].item()), None],
        ["", " with ", None], ["b", percent(float(here.sel(label="start"))), link],
        ["", " and ends there with ", None], ["b", percent(float(here.sel(label="end"))), link],
        ["", ".", None],
    ]  # fmt: skip


def _share(saliency: xr.Dataset, at: int, link: Any) -> Line:
    """How much of what was explained lies on a token: of its own target, or of the only one."""
    targets = saliency["target"].values.tolist()
    row = saliency.isel(target=targets.index(at) if at in targets else -1)
    source = row.sel(source=at)
    return [
        ["b", percent(float(source["saliency"])), link], ["", " of the saliency of ", None],
        ["out", display_text(str(row["explained"].item())), None], ["", " lies on ", None],
        ["in", str(source["source_input"].item()), None], ["", ".", None],
    ]  # fmt: skip

"""What a token owes to others, in sentences: its saliency, where attention looked, its factors."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from ..core.numbers import percent
from .account_facts import Facts, Line

__all__ = ["alignment_line", "attention_line", "factor_line", "saliency_line"]


def saliency_line(facts: Facts, at: int, saliency: xr.Dataset) -> Line:
    """Which earlier token has the largest share in what was said."""
    targets, shift = saliency["target"].values.tolist(), 0 if facts.masked else 1
    if at + shift not in targets:
        said = str(facts.next_tokens["next"].values[at])
        which = "produced tokens"
        if not facts.next_tokens["produced"].values.any():  # a long text that was only read
            which = f"the last {len(targets):,} tokens"
        return [
            ["", "What ", None], ["out", said, None],
            ["", f" owes to earlier tokens was not computed: only {which} are.", None],
        ]  # fmt: skip
    row = targets.index(at + shift)
    shares = saliency["saliency"].values[row, : None if facts.masked else at + 1]
    labels = saliency["source_input"].values[: len(shares)].tolist()
    before = saliency.sizes.get("source_position", 0)
    if before:  # an encoder-decoder read two texts
        shares = np.concatenate([saliency["source_saliency"].values[row], shares])
        labels = [*saliency["source_position_input"].values.tolist(), *labels]
    label: list[Any] = ["out", str(saliency["explained"].values[row]), None]
    if np.isnan(shares).all():
        return [["", "No earlier token has any saliency for ", None], label, ["", ".", None]]
    source = int(np.nanargmax(shares))
    share = ["b", percent(float(shares[source])), facts.link("saliency", at)]
    only = ", the only one before it" if len(shares) == 1 and not facts.masked else ""
    only = " of the source" if source < before else only
    return [
        share, ["", " of the saliency of ", None], label, ["", " lies on ", None],
        ["in", str(labels[source]), None], ["", f"{only}.", None],
    ]  # fmt: skip


def alignment_line(facts: Facts, at: int, alignment: xr.Dataset) -> Line:
    """Where cross attention looked in the source, in the layer that points most."""
    rows = alignment["weight"].sel(target=at + 1).transpose("layer", "source")
    layer, source = np.unravel_index(int(rows.values.argmax()), rows.shape)
    number = int(rows["layer"].values[layer])
    link = facts.link("alignment", at, layer=number)
    return [
        ["", "In the source, ", None], ["b", f"layer {number}", link],
        ["", " looks most at ", None], ["in", str(rows["source_input"].values[source]), None],
        ["", ": ", None], ["b", percent(float(rows.values[layer, source])), link],
        ["", " (the mean over its heads).", None],
    ]  # fmt: skip


def attention_line(facts: Facts, at: int, strongest: xr.Dataset) -> Line:
    """The head that looks most at one token other than the first and its own."""
    layer, head, key = (int(strongest[name].values[at]) for name in ("layer", "head", "key"))
    link = facts.link("attention", at, layer=layer, head=head)
    which = "Of all heads, "
    if facts.alignment is not None:
        which = "Of all heads that look at what was written, "
    return [
        ["", which, None], ["b", f"head {head} of layer {layer}", link],
        ["", f" looks most at a single {'other' if facts.masked else 'earlier'} token: ", None],
        ["b", percent(float(strongest["weight"].values[at])), link], ["", " on ", None],
        ["in", facts.input_label(key), None], ["", " (the first token not counted).", None],
    ]  # fmt: skip


def factor_line(facts: Facts, at: int, factors: xr.Dataset) -> Line:
    """The factor that makes most of what the factors reproduce at the position."""
    made = facts.loading * factors["factor"].transpose("factor", "position").values[:, at]
    link = facts.link("factors", at)
    if np.isnan(made).any():
        return [["", "The factors leave this position out.", link]]
    if not made.sum() > 0:
        return [["", "No factor is active here.", link]]
    most = int(made.argmax())
    return [
        ["b", f"Factor {most}", link], ["", " is the most active: it makes ", None],
        ["b", percent(float(made[most] / made.sum())), link],
        ["", " of what the factors reproduce here.", None],
    ]  # fmt: skip

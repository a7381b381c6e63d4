"""The account of a position: what every lens says of it, in sentences made by fixed rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..core.axes import layer_name
from ..core.numbers import percent, quantity, rank
from .account_classes import class_lines
from .header import attribute, is_masked
from .sentences import stays_from

__all__ = ["Known", "Line", "account"]

#: A sentence: [style, text, link] runs. A link is null or {section, at, layer, head}.
Line = list[list[Any]]


@dataclass(frozen=True, eq=False)
class Known:
    """What is known of a trace, each the dataset of a lens; None says nothing.

    said      of lens.top_tokens: the likeliest next tokens, how the one that came did
    history   of logit_lens, or of predictions at the one position that is told of
    saliency  of saliency, with as many targets as were asked for
    gaze      of lens.strongest_attention: the head that looks most at one earlier token
    factors   of factors
    alignment of an encoder-decoder's cross attention
    sections  the names of the sections there are: numbers are linked to these
    places    section -> the only position its picture shows
    """

    said: xr.Dataset
    history: xr.Dataset | None = None
    saliency: xr.Dataset | None = None
    gaze: xr.Dataset | None = None
    factors: xr.Dataset | None = None
    alignment: xr.Dataset | None = None
    classes: xr.Dataset | None = None
    sections: frozenset[str] = frozenset()
    places: dict[str, int] = field(default_factory=dict)

    @cached_property
    def masked(self) -> bool:
        """Whether the model says the token at a position itself."""
        return is_masked(self.said)

    @cached_property
    def mask_id(self) -> int:
        """The token that stands for one that is to be said."""
        return int(attribute(self.said, "model").get("mask_id", -1))

    @cached_property
    def loading(self) -> NDArray[np.float64]:
        """(factor,) the sum of each factor's loadings: what one unit of its activation makes."""
        assert self.factors is not None
        axes = [axis for axis in self.factors["loading"].dims if axis != "factor"]
        total: NDArray[np.float64] = self.factors["loading"].sum(axes, dtype=np.float64).values
        return total


def account(known: Known, at: int) -> list[Line]:
    """What is known of a position, a line from each lens that is there.

    at       the position that is read; what it says is the token at + 1, or in a masked model the
             one that stands there
    returns  the lines; every number of them is the dataset's, printed by core.numbers, and a run
             of style "b" with a link to the section it came from
    """
    return list(_lines(known, at))


def _lines(known: Known, at: int) -> Iterator[Line]:
    if known.said.sizes["k"]:
        yield _guess(known, at)
        if known.history is not None:
            yield _since(known, at)
        if known.masked:
            if known.said["input_id"].values[at] != known.mask_id:
                yield _came(known, at)
        elif at + 1 < known.said.sizes["position"]:
            yield _came(known, at)
    if attribute(known.said, "model").get("task"):
        yield from class_lines(
            known.classes, known.saliency, at, lambda section: _link(known, section, at)
        )
    elif known.saliency is not None:
        yield _read(known, at, known.saliency)
    if known.alignment is not None and at + 1 in known.alignment["target"].values:
        yield _aligned(known, at, known.alignment)
    if known.gaze is not None and known.gaze["layer"].values[at] >= 0:
        yield _looked(known, at, known.gaze)
    if known.factors is None and "factors" in known.sections:
        words = "Which factor is most active is computed when the factors are opened."
        yield [["", words, _link(known, "factors", at)]]
    elif known.factors is not None:
        yield _fired(known, at, known.factors)


def _guess(known: Known, at: int) -> Line:
    """Which tokens are likeliest, and how likely."""
    said = known.said
    tokens, shares = said["token"].values[at], said["probability"].values[at]
    last = _last_layer(known)
    line: Line = [
        ["", "In the place of " if known.masked else "After ", None],
        ["in", _input(known, at), None], ["", " the model says ", None],
        ["out", str(tokens[0]), None], ["", " with ", None],
        ["b", percent(float(shares[0])), _link(known, "lens", at, layer=last)],
    ]  # fmt: skip
    if len(tokens) > 1:
        where = "race" if known.places.get("race") == at else "lens"
        line += [["", "; the runner-up is ", None], ["out", str(tokens[1]), None]]
        line += [["", " with ", None]]
        line += [["b", percent(float(shares[1])), _link(known, where, at, layer=last)]]
    return [*line, ["", ".", None]]


def _since(known: Known, at: int) -> Line:
    """At which layer the top token was first on top, and whether it stayed."""
    assert known.history is not None
    layers, top = _tops(known.history, at)
    top_id = known.said["token_id"].values[at, 0]
    stays = stays_from(top, layers)
    first = layers[int(np.argmax(top == top_id))]
    line: Line = [["out", str(known.said["token"].values[at, 0]), None]]
    if stays is None or top[-1] != top_id:  # two tokens with one logit
        return [*line, ["", " shares the top with another token after the last layer.", None]]
    if stays == layers[-1]:
        line += [["", " comes out on top only after ", None], _layer(known, at, stays)]
        line += [["", ", the last", None]]
        if first < stays:
            line += [["", "; it led before, first at ", None], _layer(known, at, first)]
        return [*line, ["", ".", None]]
    line += [["", " is first at ", None], _layer(known, at, first)]
    if first == stays:
        return [*line, ["", f" and stays (the layers are 0 to {layers[-1]}).", None]]
    line += [["", ", loses the lead, and stays from ", None], _layer(known, at, stays)]
    return [*line, ["", f" on (the layers are 0 to {layers[-1]}).", None]]


def _came(known: Known, at: int) -> Line:
    """How the token that came stood."""
    said = known.said
    place, surprisal = int(said["rank"].values[at]), float(said["surprisal"].values[at])
    link = _link(known, "lens", at, layer=_last_layer(known))
    style, how, label = "in", "What comes is ", str(said["next"].values[at])
    if known.masked:
        how, label = "What stands there is ", _input(known, at)
    elif said["produced"].values[at + 1]:
        style, how = "out", "What was produced is "
    line: Line = [["", how, None], [style, label, None]]
    if place == 1:
        line += [["", ", the top token", None]]
    else:
        line += [["", ", ranked ", None], ["b", rank(place), link]]
    return [
        *line, ["", ", with a surprisal of ", None], ["b", quantity(surprisal, "nats"), link],
        ["", ".", None],
    ]  # fmt: skip


def _read(known: Known, at: int, saliency: xr.Dataset) -> Line:
    """Which earlier token has the largest share in what was said."""
    targets, shift = saliency["target"].values.tolist(), 0 if known.masked else 1
    if at + shift not in targets:
        said = str(known.said["next"].values[at])
        which = "produced tokens"
        if not known.said["produced"].values.any():  # a long text that was only read
            which = f"the last {len(targets):,} tokens"
        return [
            ["", "What ", None], ["out", said, None],
            ["", f" owes to earlier tokens was not computed: only {which} are.", None],
        ]  # fmt: skip
    row = targets.index(at + shift)
    shares = saliency["saliency"].values[row, : None if known.masked else at + 1]
    labels = saliency["source_input"].values[: len(shares)].tolist()
    before = saliency.sizes.get("source_position", 0)
    if before:  # an encoder-decoder read two texts
        shares = np.concatenate([saliency["source_saliency"].values[row], shares])
        labels = [*saliency["source_position_input"].values.tolist(), *labels]
    label: list[Any] = ["out", str(saliency["explained"].values[row]), None]
    if np.isnan(shares).all():
        return [["", "No earlier token has any saliency for ", None], label, ["", ".", None]]
    source = int(np.nanargmax(shares))
    share = ["b", percent(float(shares[source])), _link(known, "saliency", at)]
    only = ", the only one before it" if len(shares) == 1 and not known.masked else ""
    only = " of the source" if source < before else only
    return [
        share, ["", " of the saliency of ", None], label, ["", " lies on ", None],
        ["in", str(labels[source]), None], ["", f"{only}.", None],
    ]  # fmt: skip


def _aligned(known: Known, at: int, alignment: xr.Dataset) -> Line:
    """Where cross attention looked in the source, in the layer that points most."""
    rows = alignment["weight"].sel(target=at + 1).transpose("layer", "source")
    layer, source = np.unravel_index(int(rows.values.argmax()), rows.shape)
    number = int(rows["layer"].values[layer])
    link = _link(known, "alignment", at, layer=number)
    return [
        ["", "In the source, ", None], ["b", f"layer {number}", link],
        ["", " looks most at ", None], ["in", str(rows["source_input"].values[source]), None],
        ["", ": ", None], ["b", percent(float(rows.values[layer, source])), link],
        ["", " (the mean over its heads).", None],
    ]  # fmt: skip


def _looked(known: Known, at: int, gaze: xr.Dataset) -> Line:
    """The head that looks most at one token other than the first and its own."""
    layer, head, key = (int(gaze[name].values[at]) for name in ("layer", "head", "key"))
    link = _link(known, "attention", at, layer=layer, head=head)
    which = "Of all heads, "
    if known.alignment is not None:
        which = "Of all heads that look at what was written, "
    return [
        ["", which, None], ["b", f"head {head} of layer {layer}", link],
        ["", f" looks most at a single {'other' if known.masked else 'earlier'} token: ", None],
        ["b", percent(float(gaze["weight"].values[at])), link], ["", " on ", None],
        ["in", _input(known, key), None], ["", " (the first token not counted).", None],
    ]  # fmt: skip


def _fired(known: Known, at: int, factors: xr.Dataset) -> Line:
    """The factor that makes most of what the factors reproduce at the position."""
    made = known.loading * factors["factor"].transpose("factor", "position").values[:, at]
    link = _link(known, "factors", at)
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


def _tops(history: xr.Dataset, at: int) -> tuple[list[int], NDArray[Any]]:
    """The layers, and (layer,) the top token of each at a position."""
    ids = history["token_id"]
    if "position" in ids.dims:
        ids = ids.isel(position=history["position"].values.tolist().index(at))
    layers = [int(layer) for layer in history["layer"].values]
    return layers, ids.transpose("layer", "k").values[:, 0]


def _layer(known: Known, at: int, layer: int) -> list[Any]:
    words = f"the input state ({layer_name(layer)})" if layer < 0 else f"layer {layer}"
    return ["b", words, _link(known, "lens", at, layer=layer)]


def _last_layer(known: Known) -> int | None:
    return None if known.history is None else int(known.history["layer"].values[-1])


def _input(known: Known, at: int) -> str:
    return str(known.said["input"].values[at])


def _link(
    known: Known, section: str, at: int, *, layer: int | None = None, head: int | None = None
) -> dict[str, Any] | None:
    """Where a number comes from, None where that section is not there."""
    if section not in known.sections:
        return None
    return {"section": section, "at": at, "layer": layer, "head": head}

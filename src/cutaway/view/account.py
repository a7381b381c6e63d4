"""The account of a position: what every lens says of it, in sentences made by fixed rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..core.axes import layer_name
from ..core.numbers import percent, quantity, rank
from .account_classes import class_lines
from .account_facts import Facts, Line
from .account_sources import alignment_line, attention_line, factor_line, saliency_line
from .header import attribute
from .sentences import stays_from

__all__ = ["account"]


def account(facts: Facts, at: int) -> list[Line]:
    """What is known of a position, a line from each lens that is there.

    at       the position that is read; what it says is the token at + 1, or in a masked model the
             one that stands there
    returns  the lines; every number of them is the dataset's, printed by core.numbers, and a run
             of style "b" with a link to the section it came from
    """
    return list(_lines(facts, at))


def _lines(facts: Facts, at: int) -> Iterator[Line]:
    if facts.next_tokens.sizes["k"]:
        yield _likeliest(facts, at)
        if facts.by_layer is not None:
            yield _top_since(facts, at)
        if facts.masked:
            if facts.next_tokens["input_id"].values[at] != facts.mask_id:
                yield _actual(facts, at)
        elif at + 1 < facts.next_tokens.sizes["position"]:
            yield _actual(facts, at)
    if attribute(facts.next_tokens, "model").get("task"):
        yield from class_lines(
            facts.classes, facts.saliency, at, lambda section: facts.link(section, at)
        )
    elif facts.saliency is not None:
        yield saliency_line(facts, at, facts.saliency)
    if facts.alignment is not None and at + 1 in facts.alignment["target"].values:
        yield alignment_line(facts, at, facts.alignment)
    if facts.strongest_attention is not None and facts.strongest_attention["layer"].values[at] >= 0:
        yield attention_line(facts, at, facts.strongest_attention)
    if facts.factors is None and "factors" in facts.sections:
        words = "Which factor is most active is computed when the factors are opened."
        yield [["", words, facts.link("factors", at)]]
    elif facts.factors is not None:
        yield factor_line(facts, at, facts.factors)


def _likeliest(facts: Facts, at: int) -> Line:
    """Which tokens are likeliest, and how likely."""
    said = facts.next_tokens
    tokens, shares = said["token"].values[at], said["probability"].values[at]
    last = _last_layer(facts)
    line: Line = [
        ["", "In the place of " if facts.masked else "After ", None],
        ["in", facts.input_label(at), None], ["", " the model says ", None],
        ["out", str(tokens[0]), None], ["", " with ", None],
        ["b", percent(float(shares[0])), facts.link("lens", at, layer=last)],
    ]  # fmt: skip
    if len(tokens) > 1:
        where = "race" if facts.places.get("race") == at else "lens"
        line += [["", "; the runner-up is ", None], ["out", str(tokens[1]), None]]
        line += [["", " with ", None]]
        line += [["b", percent(float(shares[1])), facts.link(where, at, layer=last)]]
    return [*line, ["", ".", None]]


def _top_since(facts: Facts, at: int) -> Line:
    """At which layer the top token was first on top, and whether it stayed."""
    assert facts.by_layer is not None
    layers, top = _tops(facts.by_layer, at)
    top_id = facts.next_tokens["token_id"].values[at, 0]
    stays = stays_from(top, layers)
    first = layers[int(np.argmax(top == top_id))]
    line: Line = [["out", str(facts.next_tokens["token"].values[at, 0]), None]]
    if stays is None or top[-1] != top_id:  # two tokens with one logit
        return [*line, ["", " shares the top with another token after the last layer.", None]]
    if stays == layers[-1]:
        line += [["", " comes out on top only after ", None], _layer(facts, at, stays)]
        line += [["", ", the last", None]]
        if first < stays:
            line += [["", "; it led before, first at ", None], _layer(facts, at, first)]
        return [*line, ["", ".", None]]
    line += [["", " is first at ", None], _layer(facts, at, first)]
    if first == stays:
        return [*line, ["", f" and stays (the layers are 0 to {layers[-1]}).", None]]
    line += [["", ", loses the lead, and stays from ", None], _layer(facts, at, stays)]
    return [*line, ["", f" on (the layers are 0 to {layers[-1]}).", None]]


def _actual(facts: Facts, at: int) -> Line:
    """How the token that came stood."""
    said = facts.next_tokens
    place, surprisal = int(said["rank"].values[at]), float(said["surprisal"].values[at])
    link = facts.link("lens", at, layer=_last_layer(facts))
    style, how, label = "in", "What comes is ", str(said["next"].values[at])
    if facts.masked:
        how, label = "What stands there is ", facts.input_label(at)
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


def _tops(by_layer: xr.Dataset, at: int) -> tuple[list[int], NDArray[Any]]:
    """The layers, and (layer,) the top token of each at a position."""
    ids = by_layer["token_id"]
    if "position" in ids.dims:
        ids = ids.isel(position=by_layer["position"].values.tolist().index(at))
    layers = [int(layer) for layer in by_layer["layer"].values]
    return layers, ids.transpose("layer", "k").values[:, 0]


def _layer(facts: Facts, at: int, layer: int) -> list[Any]:
    words = f"the input state ({layer_name(layer)})" if layer < 0 else f"layer {layer}"
    return ["b", words, facts.link("lens", at, layer=layer)]


def _last_layer(facts: Facts) -> int | None:
    return None if facts.by_layer is None else int(facts.by_layer["layer"].values[-1])

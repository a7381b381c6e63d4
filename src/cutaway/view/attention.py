"""Attention: a thumbnail and figures of every head, and the weights of as many as fit a page."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..core.errors import MissingError, UnknownError
from . import attention_words as words
from .attention_cells import Bytes, packed, packed_bytes, packed_heads, thumbnails
from .header import attribute, header
from .row import token_row
from .spec import Spec, little_endian

__all__ = ["BUDGET", "LIVE_BUDGET", "attention_head", "attention_spec"]

#: The most bytes of weights that a page carries; beyond it, some heads only.
BUDGET = 36_000_000
#: The most that a notebook's picture opens with; it asks for the rest.
LIVE_BUDGET = 1_500_000

#: A figure no larger than this is rounding.
_NOTHING = 1e-4

Floats = NDArray[Any]
Places = NDArray[np.int32]


def attention_spec(dataset: xr.Dataset, *, budget: int | None = None, live: bool = False) -> Spec:
    """Every head as a thumbnail with its figures, and heads at full size up to a budget.

    Of an encoder-decoder's cross attention queries are of the target, keys of the source: its
    header has `keys`, their row of tokens, null where both are one text.

    dataset  of attention with the figures of its heads (lens.heads.with_figures)
    budget   the most bytes of weights, BUDGET or LIVE_BUDGET unless said; beyond it, the heads
             that lead in a figure, then those with the least mass on the first token
    live     whether heads can be asked for: then only the heads of the opening layer are there

    arrays: thumbnails, thumbnails_rest uint8 (layer, head, S, S), max-pooled, the latter without
    the first token; weights uint8 (embedded head, entry), see attention_cells.Packed; place int32
    (layer, head), which row of them is a head's, -1 for none; figures float32 (figure, layer,
    head). Where cells are no shares, each row is divided by its sum: row_total float32 (embedded
    head, query). An aggregate has one head, number 0. One layer of weights is held at a time.
    """
    figures = _figures(dataset)
    values = _values(dataset, figures)
    lead = _opening(figures)
    budget = (LIVE_BUDGET if live else BUDGET) if budget is None else budget
    asked, kind = attribute(dataset, "options"), dataset.attrs.get("kind", "self")
    small = thumbnails(dataset["weight"], same=kind != "cross")
    room = budget // packed_bytes(dataset["weight"], small.causal)
    place = _opening_layer(values, lead, room) if live else _chosen(dataset, values, room)
    held = packed(dataset["weight"], place, small.causal)
    own = {
        **token_row(dataset, "query"),
        "stream": kind,
        "keys": token_row(dataset, "key") if kind == "cross" else None,
        **_heads(dataset),
        **_asked(dataset, asked),
        "figures": figures,
        "opens_with": figures[lead]["name"],
        "causal": small.causal,
        "live": live,
        "queries": None,
        "embedded": words.embedded(place, budget, live, words.unit(dataset, "key")),
        "encoding": words.encoding(shares=held.total is not None),
    }
    common = header(
        dataset,
        heading=words.HEADINGS[kind],
        about=words.about(dataset, asked["weighting"], asked["aggregate"], kind),
        sentence=words.sentence(dataset, None if held.total is None else small.first),
    )
    arrays: dict[str, NDArray[Any]] = {
        "thumbnails": small.whole, "thumbnails_rest": small.rest, "place": place,
        "figures": values, "weights": held.levels,
    }  # fmt: skip
    if held.total is not None:
        arrays["row_total"] = held.total
    return Spec("attention", common | own, arrays, later=("weights",))


def attention_head(dataset: xr.Dataset, layer: int, head: int, causal: bool) -> Bytes:
    """One head as the arrays of its picture hold it, for a page that asks for it.

    layer, head  their numbers, as in the header
    returns      uint8: the entries of `weights`, and where rows are divided by their sums the
                 bytes of these, float32 little-endian
    raises       UnknownError for a head that the dataset does not have
    """
    known = _heads(dataset)
    for what, number in (("layer", layer), ("head", head)):
        if number not in known[f"{what}s"]:
            raise UnknownError(what, number, allowed=known[f"{what}s"])
    row, column = known["layers"].index(layer), known["heads"].index(head)
    one = packed_heads(dataset["weight"], row, [column], causal)
    sums = b"" if one.total is None else little_endian(one.total)
    return np.concatenate([one.levels.ravel(), np.frombuffer(sums, np.uint8)])


def _heads(dataset: xr.Dataset) -> dict[str, Any]:
    """Which layers and heads there are; an aggregate counts as one head."""
    single = "head" not in dataset.dims
    which = "cross_heads" if dataset.attrs.get("kind") == "cross" else "heads"
    counts = attribute(dataset, "model")[which]
    heads = [0] if single else [int(head) for head in dataset["head"].values]
    grouped = "group" in dataset.coords
    groups = [int(group) for group in dataset["group"].values] if grouped else [-1] * len(heads)
    return {
        "layers": [int(layer) for layer in dataset["layer"].values],
        "heads": heads,
        "groups": heads if min(groups) < 0 else groups,  # each by itself where layers differ
        "missing_layers": [layer for layer, count in enumerate(counts) if not count],
    }


def _asked(dataset: xr.Dataset, options: dict[str, Any]) -> dict[str, Any]:
    """What was asked for: the number, how heads are joined, the parts of the text, the opening."""
    attrs, split = dataset["weight"].attrs, options["split"]
    parts = None
    if split is not None:
        made = dataset["query_produced"].values
        parts = ["prompt", "output"] if made[split] and not made[split - 1] else ["A", "B"]
    return {
        "opens": options["opens"],
        "weighting": {
            "name": options["weighting"], "words": attrs["long_name"], "unit": attrs["units"],
        },
        "aggregate": options["aggregate"],
        "split": split,
        "parts": parts,
    }  # fmt: skip


def _figures(dataset: xr.Dataset) -> list[dict[str, str]]:
    """The figures that are not 0 or undefined for every head, with their words and units."""
    axes, plain = dataset["weight"].dims[:-2], dataset["weight"].attrs["units"] == "1"
    of = "" if plain or "head" not in axes else ", of plain weights"
    arrays = {str(n): array for n, array in dataset.data_vars.items() if array.dims == axes}
    if not arrays:
        raise MissingError(
            "the figures of the heads", because="this dataset holds weights only",
            fix="merge them: lens.heads.with_figures",
        )  # fmt: skip
    key = words.unit(dataset, "key")
    telling = {name for name, array in arrays.items() if (np.abs(array.values) > _NOTHING).any()}
    return [
        {
            "name": name,
            "words": words.named(array.attrs["long_name"], key) + of,
            "unit": words.named(array.attrs["units"], key),
        }
        for name, array in arrays.items()
        # Of a single token every figure is undefined: one stays, to order the heads by.
        if name in telling or (not telling and name == next(iter(arrays)))
    ]


def _values(dataset: xr.Dataset, figures: list[dict[str, str]]) -> NDArray[np.float32]:
    """(figure, layer, head)"""
    values = np.stack([dataset[entry["name"]].values for entry in figures])
    return values.reshape(len(figures), dataset.sizes["layer"], -1).astype(np.float32)


def _opening(figures: list[dict[str, str]]) -> int:
    """The figure that heads are ordered by at first: a text without repeats has no induction."""
    names = [entry["name"] for entry in figures]
    return next((names.index(name) for name in ("induction", "previous") if name in names), 0)


def _chosen(dataset: xr.Dataset, figures: Floats, room: int) -> Places:
    """(layer, head) the row of each head's weights in the page, -1 where they are left out."""
    first = np.nan_to_num(dataset["first"].values).reshape(figures.shape[1:])
    leading = np.nan_to_num(figures, nan=-np.inf).reshape(len(figures), -1).argmax(axis=1)
    first.ravel()[leading] = -1  # the head that a reader looks for by a figure is there
    return _placed(np.argsort(first, axis=None, kind="stable")[:room], first.shape)


def _opening_layer(figures: Floats, lead: int, room: int) -> Places:
    """(layer, head) rows for the layer of the head that leads in a figure, that head first."""
    scores = np.nan_to_num(figures[lead], nan=-np.inf)
    layer = int(scores.argmax()) // scores.shape[1]
    order = np.argsort(-scores[layer], kind="stable")[:room]
    return _placed(layer * scores.shape[1] + order, scores.shape)


def _placed(kept: NDArray[np.intp], shape: tuple[int, ...]) -> Places:
    place = np.full(shape, -1, dtype=np.int32)
    place.ravel()[np.sort(kept)] = np.arange(len(kept))
    return place

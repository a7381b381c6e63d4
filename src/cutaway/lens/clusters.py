"""Clusters: groups of neurons that fire alike, by k-means over their firing patterns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import xarray as xr
from sklearn.cluster import KMeans

from ..core.axes import read_seed, read_whole
from ..core.choices import read_choice
from ..core.progress import working
from ..core.room import check_room
from ..trace.source import Floats, Ints
from ..trace.trace import Trace
from .activation_rows import moved_up, read_excluded, read_kept
from .dataset import finish, token_coords
from .expert_neurons import expert_coords
from .neurons import neuron_bytes, read_neuron_layers, replay_bytes, stacked

__all__ = ["BY", "clusters", "grouped", "in_size"]

#: What makes two neurons alike: where they fire, or how strongly as well.
BY = ("shape", "value")
#: What the centres of such patterns are in: those of length 1, and activations.
_UNITS = {"shape": "1", "value": "the model's own"}
#: Numbers whose squares are held at once.
_AT_ONCE = 1 << 24


def clusters(
    trace: Trace,
    *,
    n: int = 8,
    layers: int | Sequence[int] | None = None,
    by: str = "shape",
    exclude: Iterable[int] = (),
    seed: int = 0,
) -> xr.Dataset:
    """k-means over the neurons' patterns along the positions (scikit-learn).

    n        how many clusters
    by       "shape": each pattern divided by its length, so that neurons are alike which fire at
             the same tokens; "value": as it is, where a few massive neurons take clusters alone
    returns  cluster (layer, neuron), -1 for a neuron that never fires (or does not exist);
             activation (layer, neuron, position), of which the positive part was clustered;
             size (cluster);
             centre (cluster, position) of the patterns that were compared, NaN where excluded.
             in a mixture the coordinates expert and expert_neuron (layer, neuron).
             Clusters are ordered by the position at which their centre is largest.
    A gated MLP's sign means nothing, so there the size of the activation was.
    """
    chosen = read_neuron_layers(trace, layers)
    out = read_excluded(exclude, trace.n_positions)
    kept = read_kept(trace, out)
    check_room(
        "the activations of the neurons and their patterns",
        # the activations, what is compared, and what k-means takes for their variance
        3 * neuron_bytes(trace, chosen) + replay_bytes(trace, chosen),
        "give fewer layers, or a shorter text",
    )
    stack = stacked(trace, chosen)  # (layer, neuron, position)
    flat = stack.reshape(-1, trace.n_positions)
    patterns = in_size(np.take(flat, kept, axis=1), gated=trace.card.gated)
    cluster, centre = grouped(patterns, n, by, seed)
    whole = np.full((n, trace.n_positions), np.nan, dtype=np.float32)
    whole[:, kept] = centre
    neuron = np.arange(stack.shape[1])
    dataset = xr.Dataset(
        {
            "cluster": (("layer", "neuron"), cluster.reshape(stack.shape[:2]), {"units": "1"}),
            "activation": (("layer", "neuron", "position"), stack, {"units": "the model's own"}),
            "size": ("cluster", np.bincount(cluster[cluster >= 0], minlength=n), {"units": "1"}),
            "centre": (("cluster", "position"), whole, {"units": _UNITS[by]}),
        },
        coords={
            "layer": np.asarray(chosen, dtype=np.int64),
            "neuron": neuron,
            **expert_coords(trace.card, chosen, neuron),
            **token_coords(trace, range(trace.n_positions)),
        },
    )
    options = {
        "n": n, "layers": list(chosen), "by": by, "seed": seed, "gated": trace.card.gated,
        "exclude": sorted(out), "silent": int((cluster < 0).sum()),
    }  # fmt: skip
    return finish(dataset, trace, lens="clusters", options=options)


def in_size(values: Floats, *, gated: bool) -> Floats:
    """The same array, turned into what is compared: sizes of a gated MLP, else positive parts."""
    for block in _blocks(values):  # the masks of all would be larger than the values
        np.nan_to_num(block, copy=False)
        if gated:
            np.abs(block, out=block)
        else:
            np.maximum(block, 0, out=block)
    return values


def _blocks(rows: Floats) -> list[Floats]:
    """The rows in parts, views of the array."""
    return np.array_split(rows, 1 + rows.size // _AT_ONCE)


def grouped(patterns: Floats, n: int, by: str, seed: int) -> tuple[Ints, Floats]:
    """(M,) the cluster of each pattern, -1 for one that is all 0, and the (n, T) centres.

    The patterns are used up: no copy of their array is made.
    """
    read_choice("by", by, BY)
    seed = read_seed(seed)
    length = np.concatenate([np.linalg.norm(block, axis=1) for block in _blocks(patterns)])
    fires = length > 0
    n = read_whole("n", n, 1, int(fires.sum()))
    rows = moved_up(patterns, fires)
    if by == "shape":
        rows /= length[fires, None]
    label, centre = _grouped(rows, n, seed)
    cluster = np.full(len(patterns), -1, dtype=np.int64)
    cluster[fires] = label
    return cluster, centre


def _grouped(rows: Floats, n: int, seed: int) -> tuple[Floats, Floats]:
    """Each row's cluster and the (n, T) centres, ordered by where a centre peaks."""
    with working("grouping neurons"):
        model = KMeans(n, n_init=3, random_state=seed, copy_x=False).fit(rows)
    centre = model.cluster_centers_
    order = np.lexsort((-centre.max(1), centre.argmax(1)))
    place = np.empty(n, dtype=np.int64)
    place[order] = np.arange(n)
    return place[model.labels_], centre[order]

"""Lenses that find their own rows in a text: of two texts they are found in both at once.

Factors and clusters of one text are no others' of another: a difference of the two would compare
what has nothing in common. Fitted to both texts together they are the same in both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from ..core.axes import read_whole
from ..core.errors import InvalidError
from ..core.room import check_room
from ..trace.source import Floats
from ..trace.trace import Trace
from .activation_rows import read_joined_rows, read_kept
from .clusters import grouped, in_size
from .comparison import Comparison
from .dataset import finish, strings, token_coords
from .factors import factorised
from .neurons import neuron_bytes, read_neuron_layers, replay_bytes, stacked

__all__ = ["joint_clusters", "joint_factors"]


def joint_factors(
    a: Trace, b: Trace, *, n: int = 6, layers: int | Sequence[int] | None = None,
    parts: str | Sequence[str] | None = None, exclude: Iterable[int] = (), seed: int = 0,
) -> Comparison:  # fmt: skip
    """activation (factor, position) of factors of both texts; loading and share in common."""
    _check(a, b, "factors")
    out = tuple(exclude)
    firing = read_joined_rows([a, b], layers, parts, out)
    read_whole("n", n, 1, min(firing.rows.shape))
    loading, activation, share, converged = factorised(firing.rows, n, seed)
    whole = np.full((n, a.n_positions + b.n_positions), np.nan, dtype=np.float32)
    whole[:, list(firing.positions)] = activation
    spread = firing.spread(loading)
    one = len(firing.parts) == 1
    axes = ("factor", "layer", "neuron") + (() if one else ("part",))
    common = xr.Dataset(
        {
            "loading": (axes, spread[..., 0] if one else spread, {"units": "1"}),
            "share": ("factor", share.astype(np.float32), {"units": "1"}),
        },
        coords={
            "layer": np.asarray(firing.layers), "neuron": np.arange(firing.width),
            **({} if one else {"part": strings(firing.parts)}),
        },
    )  # fmt: skip
    options = {
        "n": n, "layers": list(firing.layers), "parts": list(firing.parts), "seed": seed,
        "exclude": sorted(out), "converged": bool(converged),
    }  # fmt: skip
    return _split(a, b, whole, "factor", options, common)


def joint_clusters(
    a: Trace, b: Trace, *, n: int = 8, layers: int | Sequence[int] | None = None,
    by: str = "shape", exclude: Iterable[int] = (), seed: int = 0,
) -> Comparison:  # fmt: skip
    """activation (cluster, position), the mean of a cluster's neurons; which they are in common.

    Of a gated MLP the size of the activation is taken, of another one its positive part.
    """
    _check(a, b, "clusters")
    chosen, out = read_neuron_layers(a, layers), tuple(exclude)
    kept = read_kept(a, out) + [a.n_positions + i for i in read_kept(b, out)]
    check_room(
        "the patterns of the neurons in both texts",
        # as in clusters, one text read after the other
        sum(3 * neuron_bytes(trace, chosen) for trace in (a, b))
        + max(replay_bytes(trace, chosen) for trace in (a, b)),
        "give fewer layers, or shorter texts",
    )
    patterns = _side_by_side(a, b, chosen)
    shape = patterns.shape[:2]
    patterns = in_size(patterns.reshape(-1, patterns.shape[2]), gated=a.card.gated)
    cluster, _ = grouped(np.take(patterns, kept, axis=1), n, by, seed)
    whole = np.stack([patterns[cluster == number].mean(axis=0) for number in range(n)])
    common = xr.Dataset(
        {
            "cluster_of": (("layer", "neuron"), cluster.reshape(shape), {"units": "1"}),
            "size": ("cluster", np.bincount(cluster[cluster >= 0], minlength=n), {"units": "1"}),
        },
        coords={"layer": np.asarray(chosen), "neuron": np.arange(shape[1])},
    )
    options = {"n": n, "layers": list(chosen), "by": by, "seed": seed, "exclude": sorted(out)}
    return _split(a, b, whole.astype(np.float32), "cluster", options, common)


def _side_by_side(a: Trace, b: Trace, layers: Sequence[int]) -> Floats:
    """(layer, neuron, position) activations of both, the positions of b after those of a."""
    own = stacked(a, layers)
    whole = np.empty((*own.shape[:2], a.n_positions + b.n_positions), dtype=np.float32)
    whole[..., : a.n_positions] = own
    del own
    whole[..., a.n_positions :] = stacked(b, layers)
    return whole


def _check(a: Trace, b: Trace, lens: str) -> None:
    if a.card.neurons != b.card.neurons or a.card.gated != b.card.gated:
        raise InvalidError(
            f"pair of models for {lens}", (a.card.name, b.card.name),
            allowed="one model, or two versions of it: the same neurons in the same blocks",
        )  # fmt: skip


def _split(
    a: Trace, b: Trace, whole: Floats, axis: str, options: Mapping[str, Any], common: xr.Dataset
) -> Comparison:
    """Of each trace its part, activation (axis, position), with what both have in common."""
    parts = whole[:, : a.n_positions], whole[:, a.n_positions :]
    first, second = (
        finish(
            xr.Dataset(
                {"activation": ((axis, "position"), part, {"units": "the model's own"})},
                coords={axis: np.arange(len(part)), **token_coords(t, range(t.n_positions))},
            ),
            t, lens=axis, options=options,
        )
        for t, part in zip((a, b), parts, strict=True)
    )  # fmt: skip
    return Comparison(a, b, (first, second), ("position",), common=common)

"""The race and the probes as tables of strings."""

from __future__ import annotations

from ..core.axes import layer_name
from ..core.numbers import percent, rank
from ..view.spec import Spec
from .tabular import Table

__all__ = ["pairs_table", "watch_table"]


def watch_table(spec: Spec) -> Table:
    """Layers down (final on top), a column per token: its rank and probability."""
    ranks, shares = spec.arrays["rank"], spec.arrays["probability"]
    layers = spec.header["layers"]
    return Table(
        caption=f"Rank and probability after each layer, after {spec.header['read']}",
        columns=("layer", *spec.header["tokens"]),
        rows=tuple(
            (
                layer_name(layers[r]),
                *(
                    f"{rank(place)} ({percent(share)})"
                    for place, share in zip(ranks[r].tolist(), shares[r].tolist(), strict=True)
                ),
            )
            for r in reversed(range(len(layers)))
        ),
    )


def pairs_table(spec: Spec) -> Table:
    """A row per prompt and layer (final on top), a column per token: its rank."""
    ranks, header = spec.arrays["rank"], spec.header
    layers = header["layers"]
    return Table(
        caption="Rank of each token after each layer, prompt by prompt",
        columns=("prompt", "layer", *header["tokens"]),
        rows=tuple(
            (name, layer_name(layers[r]), *(rank(place) for place in ranks[run, r].tolist()))
            for run, name in enumerate(header["runs"])
            for r in reversed(range(len(layers)))
        ),
    )

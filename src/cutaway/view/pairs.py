"""Probes: several prompts, the same watched tokens, the rank printed in each cell."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..core.numbers import rank
from .header import attribute, header
from .spec import Spec

__all__ = ["pairs_spec"]

#: A longer prompt is named in the sentence by so many of its last characters.
_LONGEST = 80


def pairs_spec(dataset: xr.Dataset) -> Spec:
    """A panel per prompt, each with a row per layer and a column per token.

    dataset  of pairs: rank, probability (run, layer, token)
    """
    axes = ("run", "layer", "token")
    ranks = dataset["rank"].transpose(*axes).values.astype(np.int32)
    labels = [str(label) for label in dataset["token"].values]
    runs = [str(name) for name in dataset["run"].values]
    own = {
        "layers": [int(layer) for layer in dataset["layer"].values],
        "tokens": labels,
        "runs": runs,
        "at": [int(at) for at in dataset["at"].values],
        "vocabulary_size": attribute(dataset, "model")["vocab_size"],
    }
    common = header(
        dataset,
        heading="The same tokens after other words",
        about="Rank (1 is the top token) of the watched tokens after each layer, a panel per "
        "prompt, each read at the position given under it.",
        sentence=_sentence(ranks[:, -1], labels, runs),
    )
    probability = dataset["probability"].transpose(*axes).values.astype(np.float32)
    return Spec("pairs", common | own, {"rank": ranks, "probability": probability})


def _sentence(last: NDArray[np.int32], labels: list[str], names: list[str]) -> list[list[str]]:
    """Which token leads after which prompt, for the first four prompts."""
    runs: list[list[str]] = []
    for name, ranks in list(zip(names, last, strict=True))[:4]:
        best = int(ranks.argmin())
        runs += [["", "; after “" if runs else "After “"], ["in", _end(name)], ["", "” "]]
        runs += [["out", labels[best]], ["", f" leads (rank {rank(int(ranks[best]))})"]]
    if len(names) > 4:
        runs += [["", f"; {len(names) - 4} more prompts below"]]
    return [*runs, ["", "."]]


def _end(prompt: str) -> str:
    """The end of a long prompt, in one line: what was read last."""
    if len(prompt) <= _LONGEST:
        return prompt
    return "…" + " ".join(prompt.split())[1 - _LONGEST :]

"""The opening query's row of an attention_neuron Spec: what text, table and figure all show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..view.spec import Spec

__all__ = ["Step", "keys_seen", "output", "steps"]


@dataclass(frozen=True)
class Step:
    """What the opening query makes of one key.

    key, label          its position and token; key -1 is the sink, which has no vectors
    product             (d,) query times key, entry by entry
    dot, score, weight  their sum; what goes into the softmax; what comes out
    """

    key: int
    label: str
    product: NDArray[np.float64]
    dot: float
    score: float
    weight: float

    def largest(self, n: int) -> list[int]:
        """The entries with the n largest products, whatever their sign."""
        order = np.argsort(-np.abs(self.product), kind="stable")
        return [int(i) for i in order[:n]]


def keys_seen(spec: Spec) -> int:
    """How many keys the opening query can see."""
    return int((~np.isnan(spec.arrays["score"])).sum())


def steps(spec: Spec, most: int) -> list[Step]:
    """At most so many keys, those with the most weight first; then the sink, if there is one."""
    header, arrays = spec.header, spec.arrays
    query = arrays["query"][header["at"]].astype(np.float64)
    labels = (header["source"] or header)["inputs"]
    seen = np.flatnonzero(~np.isnan(arrays["score"]))
    order = seen[np.argsort(-arrays["weight"][seen], kind="stable")]
    found = [
        Step(
            key, labels[key], query * arrays["key"][key],
            *(float(arrays[name][key]) for name in ("dot", "score", "weight")),
        )
        for key in order[:most].tolist()
    ]  # fmt: skip
    if header["sink"] is not None:
        none = np.empty(0)
        found.append(Step(-1, "no token", none, np.nan, header["sink"], header["sink_weight"]))
    return found


def output(spec: Spec) -> NDArray[np.float64]:
    """(dv,) what the head writes at the opening query: the values added up by weight."""
    found: NDArray[np.float64] = spec.arrays["weight"].astype(np.float64) @ spec.arrays["value"]
    return found

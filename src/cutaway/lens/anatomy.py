"""The parts of a model: where they are, how large, and what can be had exactly of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
import xarray as xr

from ..trace.card import ModelCard
from .dataset import strings

__all__ = ["Part", "anatomy"]


class Part(Protocol):
    """One part of a model, as cutaway.model.parameters counts it."""

    @property
    def name(self) -> str:
        """Its name among all parts: "block 3 mlp"."""
        ...

    @property
    def kind(self) -> str:
        """What it is: "embedding", "attention", "mlp"."""
        ...

    @property
    def layer(self) -> int | None:
        """Its block, None outside the blocks."""
        ...

    @property
    def path(self) -> str:
        """The module's path."""
        ...

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Of its parameters, by their names below the path."""
        ...

    @property
    def count(self) -> int:
        """Parameters counted here."""
        ...

    @property
    def tied(self) -> tuple[str, ...]:
        """The earlier parameters that its own are one with."""
        ...


def anatomy(card: ModelCard, parts: Sequence[Part], after: Sequence[str] = ()) -> xr.Dataset:
    """Parameters by part; they add up to the model's total, for a tied weight counts once.

    >>> int(anatomy(card, parts).parameters.sum()) == card.n_parameters  # doctest: +SKIP
    True

    parameters  (part) how many are counted there
    kind, path  (part) what it is and where
    block       (part) the number of its block, "" outside the blocks
    shape       (part) its parameters' shapes, as JSON
    tied        (part) the earlier parameters that its own are one with, as JSON

    card   the model's particulars; its capabilities are in the attribute "model"
    parts  from cutaway.model.parameters
    after  what is done to the logits after the unembedding, in words
    """
    values = {
        "part": strings(part.name for part in parts),
        "kind": strings(part.kind for part in parts),
        "block": strings("" if part.layer is None else str(part.layer) for part in parts),
        "path": strings(part.path for part in parts),
        "shape": strings(json.dumps(dict(part.shapes)) for part in parts),
        "tied": strings(json.dumps(list(part.tied)) for part in parts),
    }
    counts = np.asarray([part.count for part in parts], dtype=np.int64)
    return xr.Dataset(
        {"parameters": ("part", counts, {"units": "1", "long_name": "parameters"})},
        coords={name: ("part", value) for name, value in values.items()},
        attrs={
            "lens": "anatomy",
            "options": "{}",
            "run": "{}",
            "model": json.dumps(card.to_json(), ensure_ascii=False),
            "notes": json.dumps([f"after the unembedding: {words}" for words in after]),
        },
    )

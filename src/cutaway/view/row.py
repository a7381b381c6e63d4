"""The row of tokens as a Spec carries it, for every picture that has tokens along an axis."""

from __future__ import annotations

from typing import Any

import xarray as xr

__all__ = ["token_row"]


def token_row(dataset: xr.Dataset, axis: str = "position") -> dict[str, Any]:
    """Header fields of an axis of tokens.

    positions  their numbers;  inputs  the labels read there;  texts  the characters they cover
    produced   whether the model produced each;  roles  chat roles, "" outside a chat
    times      of the frames of a sound the second at which each begins; left out of texts
    """
    prefix = "" if axis == "position" else f"{axis}_"
    frames = f"{prefix}time" in dataset.coords
    return {
        "positions": [int(at) for at in dataset[axis].values],
        "inputs": [str(label) for label in dataset[f"{prefix}input"].values],
        "texts": [str(text) for text in dataset[f"{prefix}input_text"].values],
        "produced": [bool(made) for made in dataset[f"{prefix}produced"].values],
        "roles": [str(role) for role in dataset[f"{prefix}role"].values],
        **({"times": dataset[f"{prefix}time"].values.tolist()} if frames else {}),
    }

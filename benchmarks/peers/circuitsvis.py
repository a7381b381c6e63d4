"""CircuitsVis: a page of every head, with the script that it carries in itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from circuitsvis.attention import attention_heads

from benchmarks.peers.work import work


def page(weights: str, tokens: list[str], path: str) -> None:
    """weights: a .npy of (layer, head, query, key)."""
    array = np.load(weights)
    heads = array.reshape(-1, *array.shape[2:])
    names = [f"L{layer}H{head}" for layer, head in np.ndindex(*array.shape[:2])]
    made = attention_heads(heads, tokens, attention_head_names=names, mask_upper_tri=True)
    text = "<!doctype html><meta charset=utf-8>" + made.local_src
    Path(path).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    work({"page": page})

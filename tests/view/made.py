"""Made-up answers of the logit lens, as its lens would give them, from random logits."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import xarray as xr

from cutaway.lens.dataset import strings

VOCAB = 40
HOSTILE = "</script><img·src=x·onerror=alert(1)>"
LABELS = [f"·word{i}" for i in range(VOCAB)]
LABELS[:12] = [
    HOSTILE, "$x^2$", "[bold]red[/bold]", "中文", "‹F0›‹9F›", "עברית", "🙂", "·", "↵↵", "=1+1",
    "quote\"'&<b>", "-->",
]  # fmt: skip
TEXTS = [label.replace("·", " ").replace("↵", "\n") for label in LABELS]

CARD = {
    "name": "made-up/model", "revision": "abc123", "model_type": "llama",
    "architecture": "LlamaForCausalLM", "dtype": "float32", "device": "cpu", "n_layers": 4,
    "width": 8, "vocab_size": VOCAB, "n_parameters": 12345, "context": None, "tied": True,
    "gated": True, "neurons": [16, 16, 16, 16],
    "capabilities": {
        "logit lens": {"proven": True, "why": "the last state gives the model's logits"},
        "inside": {"proven": False, "why": "attention and MLP read the same state"},
    },
    "versions": {"cutaway": "0.1.0"},
}  # fmt: skip


def _attributes(lens: str, options: dict[str, Any], card: dict[str, Any]) -> dict[str, Any]:
    return {
        "lens": lens, "options": json.dumps(options), "model": json.dumps(card),
        "run": json.dumps({"prompt": "</title><script>x</script> \x1b[31m", "seed": 0}),
        "notes": json.dumps(["a <note>"]),
    }  # fmt: skip


def _log_softmax(logits: Any) -> Any:
    top = logits.max(-1, keepdims=True)
    return logits - top - np.log(np.exp(logits - top).sum(-1, keepdims=True))


def _reduced(logits: Any, target: Any, k: int, reference: Any) -> dict[str, Any]:
    """Plain full-vocabulary reductions of (R, P, V) logits."""
    logp = _log_softmax(logits)
    order = np.argsort(-logits, axis=-1, kind="stable")[..., :k]
    of_target = np.take_along_axis(logits, np.maximum(target, 0)[None, :, None], -1)
    logp_target = np.take_along_axis(logp, np.maximum(target, 0)[None, :, None], -1)[..., 0]
    rank = 1 + (logits > of_target).sum(-1)
    kl = (np.exp(reference) * (reference - logp)).sum(-1)
    return {
        "token_id": order,
        "probability": np.take_along_axis(np.exp(logp), order, -1).astype(np.float32),
        "logit": np.take_along_axis(logits, order, -1).astype(np.float32),
        "rank": np.where(target < 0, 0, rank),
        "surprisal": np.where(target < 0, np.nan, -logp_target).astype(np.float32),
        "entropy": -(np.exp(logp) * logp).sum(-1).astype(np.float32),
        "kl": kl.astype(np.float32),
    }


def logit_lens(
    *,
    layers: int = 4,
    positions: int = 5,
    k: int = 3,
    rank_of: str = "top",
    inside: bool = False,
    seed: int = 0,
) -> xr.Dataset:
    """A logit lens over `layers` blocks; the input row's logits are far off, as real ones are."""
    random = np.random.default_rng(seed)
    logits = random.normal(size=(layers + 1, positions, VOCAB)) * 3
    logits[0] *= 20
    ids = random.integers(0, VOCAB, positions)
    nexts = np.append(ids[1:], -1)
    reference = _log_softmax(logits[-1])
    targets = {"top": logits[-1].argmax(-1), "next": nexts, "input": ids}
    target = targets.get(rank_of, np.full(positions, 3))
    values = _reduced(logits, target, k, reference)
    if inside:
        halves = _reduced(logits + random.normal(size=logits.shape), target, k, reference)
        for name, array in halves.items():
            array[0] = {"token_id": -1, "rank": 0}.get(name, np.nan)
        values |= {f"inside_{name}": array for name, array in halves.items()}
    axes = ("layer", "position", "k")
    variables: dict[str, Any] = {n: (axes[: v.ndim], v) for n, v in values.items()}
    for prefix in ("", "inside_") if inside else ("",):
        labelled = [LABELS[i] if i >= 0 else "–" for i in values[f"{prefix}token_id"].ravel()]
        shape = values[f"{prefix}token_id"].shape
        variables[f"{prefix}token"] = (axes, strings(labelled).reshape(shape))
    coords = {
        "layer": np.arange(-1, layers), "position": np.arange(positions), "k": np.arange(k),
        "input_id": ("position", ids),
        "input": ("position", strings(LABELS[i] for i in ids)),
        "input_text": ("position", strings(TEXTS[i] for i in ids)),
        "produced": ("position", np.arange(positions) >= positions - 1),
        "role": ("position", strings("" for _ in ids)),
        "next_id": ("position", nexts),
        "next": ("position", strings(LABELS[i] if i >= 0 else "" for i in nexts)),
        "target_id": ("position", target),
        "target": ("position", strings(LABELS[i] if i >= 0 else "–" for i in target)),
    }  # fmt: skip
    options = {
        "k": k, "rank_of": rank_of, "against": "final", "distances": ["kl"], "inside": inside,
        "positions": list(range(positions)), "every": 1,
    }  # fmt: skip
    card = CARD | {"n_layers": layers}
    return xr.Dataset(variables, coords, _attributes("logit_lens", options, card))


def predictions(*, layers: int = 4, k: int = 5, seed: int = 0) -> xr.Dataset:
    """The candidates at one position after every layer."""
    grid = logit_lens(layers=layers, positions=3, k=k, seed=seed)
    wanted = ["token_id", "token", "probability", "logit"]
    dataset = grid[wanted].isel(position=-1).reset_coords(drop=True)
    labels = [str(label) for label in grid["input"].values]
    options = {
        "k": k, "at": 2, "read": labels[-1], "came_id": -1, "came": "", "labels": labels,
    }  # fmt: skip
    dataset.attrs = _attributes("predictions", options, json.loads(grid.attrs["model"]))
    return dataset

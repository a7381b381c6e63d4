"""Specs for the browser tests: made of numbers, so that no model is needed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from cutaway.view.spec import Spec

WORDS = (
    "The", "·capital", "·of", "·France", "·is", "·Paris", ",", "·and", "·the", "·Italy", "·Rome",
    ".", "·city", "·largest", "·to", "·a", "↵", "‹F0›‹9F›", "·internationalisation", "東京",
    "مرحبا",
)  # fmt: skip
COMMON = {
    "title": "The capital of France is · Cutaway",
    "heading": "What it guessed after each layer",
    "about": "Top token of unembed(norm(state)) after each layer.",
    "sentence": [["", "At the last position the model says "], ["out", "·Paris"], ["", " with "],
                 ["b", "77.3 %"], ["", "."]],
    "provenance": [["model", "made-up"], ["proven", "logit lens: equals the logits"],
                   ["prompt", "The capital of France is"]],
    "notes": [],
}  # fmt: skip


def lens_spec(
    n_positions: int = 5,
    n_layers: int = 30,
    k: int = 5,
    words: Sequence[str] = WORDS,
    inside: bool = False,
    **header: Any,
) -> Spec:
    """A lens whose numbers follow from a seed; the last position's final top token is entry 5."""
    rng = np.random.default_rng(7)
    layers = list(range(-1, n_layers))
    R, P, V = len(layers), n_positions, len(words)
    ids = rng.integers(0, V, (P + 1,))
    ids[: min(P, 5)] = np.arange(min(P, 5))
    kept = header | {
        "positions": list(range(P)), "layers": layers, "inputs": [words[i] for i in ids[:P]],
        "texts": [words[i] for i in ids[:P]],
        "nexts": [words[i] for i in ids[1:P]] + [""], "produced": [i >= 5 for i in range(P)],
        "roles": [""] * P, "input_ids": ids[:P].tolist(), "next_ids": [*ids[1:P].tolist(), -1],
        "k": k, "vocabulary": list(words), "against": "final", "inside": inside,
        "rank_of": {"name": "top", "words": "the final layer's top token", "target": [5] * P},
        "quantities": QUANTITIES, "opens_with": header.get("opens_with", "probability"),
        "stays": {"layer": n_layers - 1, "position": P - 1, "label": words[5]},
    }  # fmt: skip
    arrays = _numbers(rng, (R, P, V, k), ids, "")
    if inside:
        arrays |= _numbers(rng, (R, P, V, k), ids, "inside_")
    return Spec("logit_lens", COMMON | kept, arrays)


def _numbers(
    rng: np.random.Generator, shape: tuple[int, int, int, int], ids: np.ndarray, prefix: str
) -> dict[str, np.ndarray]:
    """Candidates that sharpen towards the final layer; rows of layer -1 of inside undefined."""
    R, P, V, k = shape
    depth = np.linspace(0, 1, R)[:, None, None]
    logits = rng.normal(size=(R, P, V)) * (1 + 3 * depth)
    logits[:, np.arange(P), ids[1:]] += 9 * depth[:, :, 0] ** 2
    logits[-1, -1, 5] = logits[-1, -1].max() + 1
    order = np.argsort(-logits, axis=-1)
    share = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    top = order[..., :k]
    rank = 1 + np.argmax(order == 5, axis=-1)
    surprisal = -np.log(share[..., 5])
    entropy = -(share * np.log(share)).sum(-1)
    kl = (share[-1] * np.log(share[-1] / share)).sum(-1)
    found = {
        "top_index": top.astype(np.int32), "top_id": top.astype(np.int32),
        "top_probability": np.take_along_axis(share, top, -1).astype(np.float32),
        "top_logit": np.take_along_axis(logits, top, -1).astype(np.float32),
        "rank": rank.astype(np.int32), "surprisal": surprisal.astype(np.float32),
        "entropy": entropy.astype(np.float32), "kl": kl.astype(np.float32),
    }  # fmt: skip
    if prefix:
        for name, array in found.items():
            undefined = {"rank": 0, "top_index": -1, "top_id": -1}.get(name, np.nan)
            array[0] = undefined
    return {prefix + name: array for name, array in found.items()}


def report_spec(*, live: bool = False) -> Spec:
    """A report of 12 tokens of a tiny random model, 6 of them produced, with every section."""
    return made_report()._live_spec if live else made_report().spec


@cache
def made_report() -> Any:
    """The report of `report_spec` itself, which answers questions."""
    import cutaway as ct
    from cutaway.app.report import report
    from tests.models import tiny

    lm = ct.wrap(*tiny("llama"))
    return report(lm.generate("The keys to the cabinet are", max_new_tokens=6))


def candidates_spec(words: Sequence[str] = WORDS, n_layers: int = 30, k: int = 5) -> Spec:
    """The last position of `lens_spec` as a table of its own."""
    lens = lens_spec(words=words, n_layers=n_layers, k=k)
    arrays = {
        name: np.ascontiguousarray(lens.arrays[name][:, -1])
        for name in ("top_index", "top_id", "top_probability", "top_logit")
    }
    header = COMMON | {
        "heading": "What it nearly said", "layers": lens.header["layers"], "k": k, "position": 4,
        "label": words[4], "next": "", "next_id": -1, "vocabulary": list(words),
        "words": "probability of the token, from 0 to 1",
        "float32": [""] * len(lens.header["layers"]),
    }  # fmt: skip
    return Spec("candidates", header, arrays)


def _quantity(name: str, words: str, **given: Any) -> dict[str, Any]:
    return {
        "name": name, "words": words, "unit": "", "scale": "linear", "low": 0.0, "high": 1.0,
        "ramp": "teal", "strong": "high",
    } | given  # fmt: skip


QUANTITIES = [
    _quantity("probability", "probability of the layer's top token", ramp="clay"),
    _quantity("logit", "logit of the layer's top token", low=-4.0, high=20.0, ramp="clay"),
    _quantity("rank", "rank of the final layer's top token, 1 is the top", scale="log", low=1.0,
              high=21.0, strong="low"),
    _quantity("surprisal", "surprisal of the final layer's top token", unit="nats", high=12.0,
              strong="low"),
    _quantity("entropy", "entropy of the layer's distribution", unit="nats", high=3.1),
    _quantity("kl", "KL(final || layer)", unit="nats", high=15.0),
]  # fmt: skip

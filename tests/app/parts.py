"""The parts of a made-up model, for the anatomy's tests."""

from __future__ import annotations

from dataclasses import replace

from cutaway.model.parameters import Part
from cutaway.trace.card import Capability
from tests.trace.linear import CARD

PARTS = (
    Part("embedding", None, "model.embed", {"weight": (40, 8)}, 320),
    *(Part("mlp", i, f"model.layers.{i}.mlp", {"down.weight": (8, 12)}, 96) for i in (0, 1)),
    Part("mlp", 2, "model.layers.2.mlp", {"down.weight": (8, 24)}, 192),
    Part("final norm", None, "model.norm", {"weight": (8,)}, 8),
    Part("unembedding", None, "lm_head", {"weight": (40, 8)}, 0, ("model.embed.weight",)),
)
HERE = replace(
    CARD,
    capabilities={
        "logit lens": Capability(True, "the last state gives the logits"),
        "inside": Capability(False, "attention and MLP read the same state"),
    },
)

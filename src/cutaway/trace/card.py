"""What a trace knows of the model that made it, without the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, cast

__all__ = ["OBJECTIVES", "TASKS", "Capability", "ModelCard"]

#: What a model says at a position: the next token, or the one that stands there.
OBJECTIVES = ("causal", "masked")
TASKS = ("", "sequence", "token", "span")


@dataclass(frozen=True)
class Capability:
    """Whether something can be had exactly of a model: proven, or not, because."""

    proven: bool
    why: str

    def __str__(self) -> str:
        return f"proven: {self.why}" if self.proven else f"not available, because {self.why}"


@dataclass(frozen=True)
class ModelCard:
    """A model's particulars, written into every trace and every view.

    name          hub id, folder or the class of a wrapped model
    n_layers      number of blocks, L
    width         numbers in one residual state
    vocab_size    rows of the unembedding, V
    context       the longest text it takes in tokens, None where it has no bound
    tied          whether embedding and unembedding are one matrix
    gated         whether the sign of a neuron's activation means nothing (gated MLPs)
    neurons       neurons per block, 0 where a block has none that could be proven
    experts       per block of fused experts (how many, neurons of each, shared neurons), numbered
                  in that order: neuron e x width + j is the j-th of expert e; (0, 0, 0) elsewhere,
                  () where no block has experts
    routers       per block with a proven router (experts to choose from, how many are chosen, what
                  their scores are: "softmax", "sigmoid", ..., "" where they can't be had);
                  (0, 0, "") elsewhere, () where no block has one
    heads         attention heads per block, 0 where a block has no attention that could be proven
    kv_heads      key-value heads per block, each serving heads // kv_heads query heads
    call_bytes    bytes of the queries, keys and values of all blocks: for a text, for each token,
                  for each pair of tokens
    cross_heads, cross_kv_heads  of a decoder that reads a source, the heads per block with which
                  it does; () elsewhere
    cross_bytes   bytes of their queries, keys and values: for a text, for each token, for each one
                  of the source, for each pair of both
    capabilities  what can be had exactly, by name
    versions      of Python, cutaway, torch and transformers
    objective     what the model says at a position: "causal", the token that comes after it, from
                  what comes before; "masked", the token that stands there, from the whole text
    mask_id       the token that stands for one that is to be said, -1 where there is none
    task          what a classifier classifies: a text ("sequence"), each of its tokens ("token"),
                  where an answer begins and ends ("span"); "" in a language model
    labels        what it chooses from: ("start", "end") for places, () in a language model
    scores        how the labels' logits become probabilities: "softmax", "sigmoid" of each label
                  by itself, or "" not at all, as those of a regression
    """

    name: str
    revision: str
    model_type: str
    architecture: str
    dtype: str
    device: str
    n_layers: int
    width: int
    vocab_size: int
    n_parameters: int
    context: int | None
    tied: bool
    gated: bool
    neurons: tuple[int, ...]
    experts: tuple[tuple[int, int, int], ...] = ()
    routers: tuple[tuple[int, int, str], ...] = ()
    heads: tuple[int, ...] = ()
    kv_heads: tuple[int, ...] = ()
    call_bytes: tuple[int, int, int] = (0, 0, 0)
    cross_heads: tuple[int, ...] = ()
    cross_kv_heads: tuple[int, ...] = ()
    cross_bytes: tuple[int, int, int, int] = (0, 0, 0, 0)
    capabilities: Mapping[str, Capability] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    objective: str = "causal"
    mask_id: int = -1
    task: str = ""
    labels: tuple[str, ...] = ()
    scores: str = ""

    @property
    def is_masked(self) -> bool:
        """Whether what it says at a position is of that position, and not of the token after it."""
        return self.objective == "masked" or bool(self.task)

    @property
    def shift(self) -> int:
        """How many positions before a token it is read: 1, or 0 in a masked model."""
        return 0 if self.is_masked else 1

    def to_json(self) -> dict[str, Any]:
        """The card as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> ModelCard:
        """The card back from `to_json`; raises TypeError or ValueError where it is none."""
        fields = dict(values)
        for name in ("neurons", "heads", "kv_heads", "cross_heads", "cross_kv_heads"):
            fields[name] = tuple(int(count) for count in fields.get(name, ()))
        text, token, pair = fields.get("call_bytes", (0, 0, 0))  # older files have none
        fields["call_bytes"] = int(text), int(token), int(pair)
        cross = [int(size) for size in fields.get("cross_bytes", (0, 0, 0, 0))]
        fields["cross_bytes"] = cross[0], cross[1], cross[2], cross[3]
        fields["experts"] = tuple(_triple(*counts) for counts in fields.get("experts", ()))
        fields["routers"] = tuple(
            (int(count), int(k), str(scores)) for count, k, scores in fields.get("routers", ())
        )
        fields["capabilities"] = {
            str(name): Capability(bool(entry["proven"]), str(entry["why"]))
            for name, entry in cast("Mapping[str, Any]", fields["capabilities"]).items()
        }
        if fields.setdefault("objective", "causal") not in OBJECTIVES:
            raise ValueError(f"no such objective: {fields['objective']!r}")
        fields["mask_id"] = int(fields.get("mask_id", -1))
        fields["labels"] = tuple(map(str, fields.get("labels", ())))
        if fields.get("task", "") not in TASKS:
            raise ValueError(f"no such task: {fields['task']!r}")
        return cls(**fields)


def _triple(count: int, width: int, shared: int) -> tuple[int, int, int]:
    return int(count), int(width), int(shared)

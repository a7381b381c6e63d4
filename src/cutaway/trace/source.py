"""How a trace asks for what was not recorded: questions, answers, and who answers them.

A live trace's source is its model (cutaway.model.lm.LM); a saved one's is a StoredSource, which
answers what was kept and says for the rest which `keep=` was missing. Lenses see only this.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from ..core.tokens import Piece

if TYPE_CHECKING:
    from .attention import AttentionCall
    from .trace import Trace
    from .walk import Walk

__all__ = [
    "Ablation", "Attributed", "Attribution", "Floats", "Ints", "Material", "Question", "Rows",
    "Source",
]  # fmt: skip

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.int64]
#: Arrays by layer, (T, n) each; -1 is the state that enters block 0.
Material = Mapping[int, Floats]


@dataclass(frozen=True)
class Question:
    """What is wanted of the unembedded states: reduced rows, never logits.

    layers     layers of the axis, -1 for the input state; R = len(layers)
    positions  positions to read; P = len(positions)
    inside     read the state between attention and MLP (layers 0.. only) instead of after it
    k          how many top tokens of each cell
    targets    (P, n) token ids whose rank, logit and log-probability are wanted (-1: undefined),
               or "top": the final layer's argmax of each position (n = 1); None: none
    entropy    whether the entropy is wanted
    distances  of "kl" (reference || layer), "js", "tv"
    against    the reference of the distances: the final layer or the input state
    """

    layers: tuple[int, ...]
    positions: tuple[int, ...]
    inside: bool = False
    k: int = 0
    targets: Ints | Literal["top"] | None = None
    entropy: bool = False
    distances: tuple[str, ...] = ()
    against: Literal["final", "input"] = "final"


@dataclass(frozen=True)
class Rows:
    """The answer to a Question. Undefined: rank 0, token_id -1, floats NaN.

    token_id, probability, logit            (R, P, k) best first
    target_id                               (P, n)
    rank, target_logit, target_logprob      (R, P, n) rank is 1-based; log-probability in nats
    entropy                                 (R, P) nats
    distances                               name -> (R, P) nats; tv without unit
    """

    token_id: Ints
    probability: Floats
    logit: Floats
    target_id: Ints
    rank: Ints
    target_logit: Floats
    target_logprob: Floats
    entropy: Floats
    distances: Mapping[str, Floats] = field(default_factory=dict)


@dataclass(frozen=True)
class Attribution:
    """Which saliency is wanted.

    targets   positions 1..T of the tokens to explain (T: the token not yet said)
    token_ids (n,) the token explained at each target
    contrast  (n,) the token to subtract from it, or None
    quantity  what is differentiated: "logit", "log_probability" or "probability"
    method    "input_x_gradient", "gradient_norm", "integrated_gradients", "occlusion", ...
    at_layer  the leaf: None is the embedding output, l the residual state after block l
    options   of the method: steps, baseline, replacement, path, seed
    rows      of a classifier, (n,) the row that each target is read from: of a text its only one,
              or the label's where each is judged by itself; a token's; 0 for an answer's start, 1
              for its end. token_ids are then what is chosen in it: a label, 0 for yes, a position
    names     of a classifier, (n,) what is explained, in words: the label
    """

    targets: tuple[int, ...]
    token_ids: tuple[int, ...]
    contrast: tuple[int, ...] | None = None
    quantity: Literal["logit", "log_probability", "probability"] = "logit"
    method: str = "input_x_gradient"
    at_layer: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    rows: tuple[int, ...] = ()
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Attributed:
    """The answer to an Attribution. Entries at and after the target are NaN.

    score  (n, T) the method's score before normalising: a norm, or signed
    signed (n, T) the signed sum of the products (input x gradient), else the score itself
    value  (n,)   the quantity explained
    gap    (n,)   integrated gradients' relative completeness gap, else NaN
    moved  (n,)   by how much a score of theirs moves at most when every second slope of the line
                  is left out, relative to the largest; None where that was not measured
    notes  what the method did: its baseline, steps, seed
    source_score, source_signed  (n, S) both, of the tokens that an encoder read; None without one
    """

    score: Floats
    signed: Floats
    value: Floats
    gap: Floats
    moved: Floats | None = None
    notes: Mapping[str, Any] = field(default_factory=dict)
    source_score: Floats | None = None
    source_signed: Floats | None = None


@dataclass(frozen=True)
class Ablation:
    """A text with some tokens taken out: deletion curves and occlusion ask for many of these.

    target    the position whose token is scored (read at target - 1)
    token_id  the token scored there, or the choice of a classifier
    row       of a classifier: the row that this is chosen in
    removed   each variant's removed positions, all below target; of an encoder-decoder the source's
              S tokens come first, then those of the text: S + i is its token i
    how       "replace" by a token, or "delete" them
    """

    target: int
    token_id: int
    removed: tuple[tuple[int, ...], ...]
    how: Literal["replace", "delete"] = "replace"
    replacement: int | None = None
    row: int = 0


class Source(Protocol):
    """Who answers a trace's questions. Each method raises MissingError where it can't."""

    def project(self, trace: Trace, question: Question) -> Rows:
        """Unembed the states asked about and reduce each row."""
        ...

    def replay(self, trace: Trace, material: str, layers: Sequence[int]) -> Material:
        """A material that was not kept, by running the trace's tokens again."""
        ...

    def attribute(self, trace: Trace, wanted: Attribution) -> Attributed:
        """Saliency of the targets."""
        ...

    def classify(self, trace: Trace, layers: Sequence[int]) -> Floats:
        """(R, n) or (R, T, n) the logits of a classifier's n labels after each of R layers."""
        ...

    def attention(self, trace: Trace, layer: int, heads: Sequence[int]) -> Floats:
        """(len(heads), T, T) the attention weights of some heads of one block."""
        ...

    def attention_call(self, trace: Trace, layer: int) -> AttentionCall:
        """The queries, keys and values of one block, proven to give its weights."""
        ...

    def cross_attention(self, trace: Trace, layer: int, heads: Sequence[int]) -> Floats:
        """(len(heads), T, S) the weights of a decoder block's heads on the source's tokens."""
        ...

    def cross_call(self, trace: Trace, layer: int) -> AttentionCall:
        """A decoder block's queries to the source, its keys and values, proven as above."""
        ...

    def encoder_source(self) -> Source:
        """Who answers for the encoder's side of an encoder-decoder's traces."""
        ...

    def walk(self, trace: Trace, layer: int, at: int) -> Walk:
        """Every step of one position through one block, each recomputed from the steps before."""
        ...

    def ablate(self, trace: Trace, wanted: Ablation) -> Floats:
        """(variants,) log-probability of the token with those positions taken out, in nats."""
        ...

    def in_float32(self, trace: Trace) -> Trace:
        """The same text as the same weights read it in float32: half precision is checked by it."""
        ...

    def blank_id(self) -> int:
        """The token that stands for one taken out: mask, unknown token or padding, else a space."""
        ...

    def pieces(self, token_ids: Sequence[int]) -> tuple[Piece, ...]:
        """Text and label of vocabulary entries; id -1 has the label "–"."""
        ...

    def token_id(self, text: str) -> int:
        """The id of a text that is one token; InvalidError names the pieces of one that is not."""
        ...

"""What a saliency will cost, said before it is run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..core.numbers import byte_size
from ..core.room import check_room
from ..trace.card import ModelCard
from ..trace.keep import pass_bytes
from ..trace.source import Attribution

__all__ = ["Plan", "plan"]

#: Targets that share a pass (model.gradient.CHUNK; a test holds them equal).
CHUNK = 8
#: Tokens of the texts that are read at once, where they are short (model.mask), and rows of logits
#: (model.attribution_targets).
_TOKENS, _ROWS = 1024, 64
_BYTES = {"float64": 8, "float32": 4}
_DIFFERENTIATED = ("input_x_gradient", "gradient_norm", "integrated_gradients")


@dataclass(frozen=True)
class Plan:
    """What is going to be computed.

    tokens   how many targets
    passes   in units of one forward and one backward pass over the whole text
    nbytes   held at once: the weights, and what the passes keep
    flops    floating-point operations, 2 a weight and token of a forward pass

    >>> print(Plan(tokens=64, passes=21.6, nbytes=1_020_000_000, flops=1e12))
    64 tokens: about 22 passes, 1.02 GB
    """

    tokens: int
    passes: float
    nbytes: int
    flops: float

    def __str__(self) -> str:
        tokens = "1 token" if self.tokens == 1 else f"{self.tokens} tokens"
        shown = f"{self.passes:.0f}" if self.passes >= 1.5 else "1"
        passes = "1 pass" if shown == "1" else f"{shown} passes"
        return f"{tokens}: about {passes}, {byte_size(self.nbytes)}"


def plan(card: ModelCard, n_positions: int, wanted: Attribution, n_source: int = 0) -> Plan:
    """The cost of an Attribution; of integrated gradients and of samples the most they may take.

    n_source  how many tokens an encoder reads; all weights are counted for these, too

    Raises MissingError where the passes would keep more than is allowed.
    """
    reach = [n_source + (n_positions if card.is_masked else t) for t in wanted.targets]
    read = _tokens_read(wanted, reach)
    kept = _kept(card, max(reach), wanted)
    check_room("the passes of this saliency", kept, "take a shorter text, or method='occlusion'")
    return Plan(
        tokens=len(wanted.targets),
        passes=read / (2 * (n_source + n_positions)),
        nbytes=_weights(card) + kept,
        flops=2.0 * card.n_parameters * read,
    )


def _tokens_read(wanted: Attribution, reach: Sequence[int]) -> float:
    """Tokens that go forward or backward through the model, in all; a gradient counts as one.

    reach  how many tokens each target is said from
    """
    options = wanted.options
    if wanted.method == "occlusion":
        return float(max(reach) * max(reach))
    if "samples" in options:
        orders = wanted.method == "shapley_value_sampling"
        return float(sum(n * options["samples"] * (n if orders else 1) for n in reach))
    chunks = [reach[low : low + CHUNK] for low in range(0, len(reach), CHUNK)]
    return float(sum(max(c) * (1 + len(c)) for c in chunks) * options.get("steps", 1))


def _weights(card: ModelCard) -> int:
    return card.n_parameters * _BYTES.get(card.dtype, 2)


def _kept(card: ModelCard, n: int, wanted: Attribution) -> int:
    """What a differentiated pass keeps: what every block holds, and the gradients of one block for
    a chunk of targets. Passes without gradients keep little."""
    mlp = max(card.neurons, default=0) or 4 * card.width
    if wanted.method not in _DIFFERENTIATED:
        return pass_bytes(card, max(n, _TOKENS)) + 4 * 3 * _ROWS * card.vocab_size
    rows = 4 * min(CHUNK, len(wanted.targets)) * n * (4 * card.width + 2 * mlp)
    return card.n_layers * pass_bytes(card, n) + rows

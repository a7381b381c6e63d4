"""The parts of a model, once they are found and proven: what discovery hands to everyone else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

import torch
from torch import Tensor, nn

from ..trace.attention import Layout as Pairing
from ..trace.card import Capability
from .layout import Layout, Port

__all__ = [
    "Anatomy", "Angles", "Block", "CallPlace", "Experts", "Inside", "Routing", "Scores", "Stream",
    "Tail",
]  # fmt: skip


class Tail(Protocol):
    """What turns the state after the last block into logits: the model's own modules.

    logits == self.logits(self.hidden(states)), for rows of any layer's states.
    """

    @property
    def norm(self) -> str | None:
        """Module path of the final norm, None where the model has none."""
        ...

    @property
    def unembedding(self) -> str:
        """Module path of the unembedding."""
        ...

    @property
    def after_words(self) -> tuple[str, ...]:
        """What is done beside calling modules: "logits x 0.25", "logits soft-capped at 30"."""
        ...

    @property
    def modules(self) -> tuple[nn.Module, ...]:
        """Those whose weights its logits are made with."""
        ...

    def hidden(self, states: Tensor) -> Tensor:
        """(N, width) states -> (N, d) what enters the unembedding (norms, scales, heads)."""
        ...

    def matrix(self) -> tuple[Tensor, Tensor | None] | None:
        """(V, d) weight and (V,) bias where the unembedding is one plain product, else None."""
        ...

    def after(self, logits: Tensor) -> Tensor:
        """What the model does to the product: scale, soft-cap; elementwise, may work in place."""
        ...

    def logits(self, hidden: Tensor) -> Tensor:
        """(N, d) -> (N, V): the unembedding and what comes after it."""
        ...


@dataclass(frozen=True)
class Experts:
    """A fused mixture: activations are (T, count x width), 0 for the experts not called."""

    path: str
    count: int
    width: int


@dataclass(frozen=True)
class Scores:
    """Where a router's scores come from: `function` of what the module at `path` gives at `output`.

    factor  path of the parameter that multiplies the weight of each expert, None without one
    """

    path: str
    output: Port
    function: str
    factor: str | None = None


@dataclass(frozen=True)
class Routing:
    """How a block's mixture chooses its experts.

    path    the module that takes rows, the numbers of each row's experts and their weights
    taken   which of its arguments these three are
    count   how many experts there are to choose from
    k       how many are chosen for each row
    scores  where their scores come from, None where nothing that a module gives is them
    """

    path: str
    taken: tuple[Port, Port, Port]
    count: int
    k: int
    scores: Scores | None = None


@dataclass(frozen=True)
class Inside:
    """The state between attention and MLP: what the module at `path` takes at `entry`."""

    path: str
    entry: Port


@dataclass(frozen=True)
class Stream:
    """How the residual state goes through the blocks.

    entry   which argument of a block is the state
    exit    which of its results is the state
    layout  the axes of that tensor
    dtype   its precision
    called  indices of the blocks that run on a text; a state passes the others unchanged
    """

    entry: Port
    exit: Port
    layout: Layout
    dtype: torch.dtype
    called: tuple[int, ...]


@dataclass(frozen=True)
class Block:
    """One block of the residual stream, by module paths; None where it has no such part.

    path     the module; where no one module is the block, what its members' paths have in common
    turn     of a module that is called again and again, which of its calls is this block
    turns    how many calls there are: so many blocks share their weights
    members  the modules it is made of, in the order of their calls, where no one module is the
             block: its state enters the first, and comes out of the last
    cross    of a decoder that reads a source, its attention to it
    down     the MLP down-projection whose input is the neurons
    experts  the fused mixture, instead of or beside one down-projection
    routing  how its mixture of experts chooses, whatever module the experts are
    inside   where the state between attention and MLP is read
    neurons  how many neurons: those of all experts, then those of `down`; 0 where a block has none
             or not all could be had
    """

    path: str
    attention: str | None = None
    mlp: str | None = None
    down: str | None = None
    experts: Experts | None = None
    neurons: int = 0
    inside: Inside | None = None
    turn: int = 0
    turns: int = 1
    members: tuple[str, ...] = ()
    cross: str | None = None
    routing: Routing | None = None

    @property
    def roots(self) -> tuple[str, ...]:
        """The paths of the modules that hold all of it."""
        return self.members or (self.path,)

    def holds(self, path: str) -> bool:
        """Whether a module lies in the block."""
        return any(f"{path}.".startswith(f"{root}.") for root in self.roots)


@dataclass(frozen=True)
class Angles:
    """Where a block's attention gets the cosines and sines of its rotary embedding.

    path    the module that takes them (`argument` names where) or, with None, gives them
    spread  how they are laid over the entries they turn: "whole" as they are, "twice" one after
            the other, "each" every one twice, "half" the first half of them, every one twice
    layout  which entries are turned together
    """

    path: str
    argument: int | str | None
    spread: Literal["whole", "twice", "each", "half"]
    layout: Pairing


@dataclass(frozen=True)
class CallPlace:
    """What was proven of one block's queries, keys and values.

    angles      where the angles of the rotary embedding come from; None where there is none, or
                not one that turns a module's output into the queries
    projection  the linear module that takes the heads' outputs side by side, None without one
    """

    angles: Angles | None = None
    projection: str | None = None


@dataclass(frozen=True)
class Anatomy:
    """Where everything is in one model.

    embedding     module path of the token embedding: its output is what inputs_embeds takes
    blocks        the L blocks, in order
    tail          from the last block's state to the logits
    stream        how a state is taken from and put into a block
    width         numbers in one residual state (several streams are laid side by side)
    vocab         V, the number of logits
    gated         whether the sign of a neuron's activation means nothing
    capabilities  what was proven on the model, by name
    heads         layer -> attention heads and key-value heads, where the weights can be had
    calls         layer -> what was proven of its queries, keys and values
    call_bytes    what these take: for a text, for each token, for each pair of tokens
    cross_heads   of a decoder that reads a source: layer -> heads and key-value heads of its
                  attention to it, where the weights can be had
    cross_calls   layer -> what was proven of its queries, keys and values
    cross_bytes   what these take: for a text, each token, each of the source's, each pair of both
    """

    embedding: str
    blocks: tuple[Block, ...]
    tail: Tail
    stream: Stream
    width: int
    vocab: int
    gated: bool
    capabilities: Mapping[str, Capability]
    heads: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    calls: Mapping[int, CallPlace] = field(default_factory=dict)
    call_bytes: tuple[int, int, int] = (0, 0, 0)
    cross_heads: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    cross_calls: Mapping[int, CallPlace] = field(default_factory=dict)
    cross_bytes: tuple[int, int, int, int] = (0, 0, 0, 0)

    @property
    def cross(self) -> dict[int, str]:
        """Layer -> the module of its attention to a source, where there is one."""
        return {n: block.cross for n, block in enumerate(self.blocks) if block.cross is not None}

    @property
    def has_language_head(self) -> bool:
        """Whether it has a language head, that gives tokens."""
        lens = self.capabilities.get("logit lens")
        return lens is None or lens.proven

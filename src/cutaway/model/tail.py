"""From the state after the last block to logits: the model's own modules, called again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn

from .constants import Cap, Columns, Scale
from .forward import as_input, device_of, forward, logits_of
from .hooks import Site, replaced_output
from .layout import Layout, Port
from .sites import last_of
from .structure import Block, Stream

__all__ = ["ChainLink", "ChainTail", "IdentityTail", "ReplayTail", "replay"]


@dataclass(frozen=True)
class ChainLink:
    """One module of the chain: which argument and result are meant, and their axes."""

    path: str
    module: nn.Module
    entry: Port
    layout: Layout
    exit: Port
    out_layout: Layout

    def __call__(self, rows: Tensor) -> Tensor:
        """(N, n) -> (N, m), where the module's weights are."""
        rows = rows.to(device_of(self.module))
        args, kwargs = self.entry.give((), {}, self.layout.restore(rows[None]))
        output = self.module(*args, **kwargs)
        return self.out_layout.rows(self.exit.read(output))[0]


@dataclass(frozen=True)
class ChainTail:
    """Modules one after the other, with scales between and something elementwise at the end.

    links   modules and scales up to what enters the unembedding
    head    the unembedding
    plain   whether the head is one product with a (V, d) weight
    vocab   how many logits are kept of those it gives
    ending  what is done to them
    dtype   the precision of the model's states
    """

    links: tuple[ChainLink | Scale | Columns, ...]
    head: ChainLink
    plain: bool
    vocab: int
    ending: tuple[Scale | Cap, ...]
    dtype: torch.dtype

    @property
    def norm(self) -> str | None:
        """Path of the last module before the unembedding whose parameters are all vectors."""
        for link in reversed(self.links):
            if isinstance(link, ChainLink) and all(p.dim() < 2 for p in link.module.parameters()):
                return link.path
        return None

    @property
    def unembedding(self) -> str:
        """Path of the head."""
        return self.head.path

    @property
    def after_words(self) -> tuple[str, ...]:
        """What is done beside calling modules."""
        before = [f"state {step}" for step in self.links if not isinstance(step, ChainLink)]
        return (*before, *(f"logits {step}" for step in self.ending))

    @property
    def modules(self) -> tuple[nn.Module, ...]:
        """Those of the chain, the unembedding last."""
        return (
            *(step.module for step in self.links if isinstance(step, ChainLink)),
            self.head.module,
        )

    def hidden(self, states: Tensor) -> Tensor:
        """(N, width) -> (N, d) what enters the unembedding."""
        states = states.to(self.dtype)
        for step in self.links:
            states = step(states)
        return states

    def matrix(self) -> tuple[Tensor, Tensor | None] | None:
        """(V, d) weight and (V,) bias of a plain head, else None; hooks may do more than it."""
        if not self.plain or self.head.module._forward_hooks or self.head.module._forward_pre_hooks:
            return None
        weight = cast("Tensor", self.head.module.weight)
        bias = cast("Tensor | None", getattr(self.head.module, "bias", None))
        return weight[: self.vocab], None if bias is None else bias[: self.vocab]

    def after(self, logits: Tensor) -> Tensor:
        """Scale and soft-cap, in the precision given."""
        for step in self.ending:
            logits = step(logits)
        return logits

    def logits(self, hidden: Tensor) -> Tensor:
        """(N, d) -> (N, V)."""
        return self.after(self.head(hidden)[:, : self.vocab])


@dataclass(frozen=True)
class ReplayTail:
    """A tail that is code, not a chain of modules: the model is run with other last states.

    Exact, as the model itself does the work, but each call costs a pass of the whole model.
    """

    model: nn.Module
    block: Site
    exit: Port
    layout: Layout
    unembedding: str
    dtype: torch.dtype
    token_ids: tuple[int, ...]
    norm: str | None = None
    after_words: tuple[str, ...] = ("the model's own code after its last block, run again",)

    @property
    def modules(self) -> tuple[nn.Module, ...]:
        """All of the model, whose own code is run."""
        return (self.model,)

    def hidden(self, states: Tensor) -> Tensor:
        """The states themselves: the model's code does the rest."""
        return states.to(self.dtype)

    def matrix(self) -> None:
        """None: there is no plain product."""

    def after(self, logits: Tensor) -> Tensor:
        """The logits as they are."""
        return logits

    def logits(self, hidden: Tensor) -> Tensor:
        """(N, width) -> (N, V), in passes of as many rows as the trial text has tokens."""
        step = len(self.token_ids)
        starts = range(0, len(hidden), step)
        return torch.cat([self._pass(hidden[start : start + step]) for start in starts])

    def _pass(self, rows: Tensor) -> Tensor:
        def exchange(output: Any) -> Any:
            old = self.exit.read(output)
            return self.exit.write(output, self.layout.put(old, rows[None].to(old.device)))

        with replaced_output(self.block, exchange):
            output = forward(self.model, as_input(self.model, self.token_ids))
        return logits_of(output)[0, : len(rows)]


def replay(
    model: nn.Module, blocks: Sequence[Block], stream: Stream, token_ids: Sequence[int]
) -> ReplayTail:
    """The tail that runs the model's own code on other last states."""
    head = getattr(model, "get_output_embeddings", lambda: None)()
    names = {id(module): name for name, module in model.named_modules()}
    return ReplayTail(
        model,
        last_of(model, blocks[stream.called[-1]]),
        stream.exit,
        stream.layout,
        names.get(id(head), ""),
        stream.dtype,
        tuple(token_ids),
    )


@dataclass(frozen=True)
class IdentityTail:
    """No tail: what is given is logits already, or belongs to a model that says nothing."""

    norm: str | None = None
    unembedding: str = ""
    after_words: tuple[str, ...] = ()

    @property
    def modules(self) -> tuple[nn.Module, ...]:
        """None: there is nothing to call."""
        return ()

    def hidden(self, states: Tensor) -> Tensor:
        """As given."""
        return states

    def matrix(self) -> None:
        """None: there is no product."""

    def after(self, logits: Tensor) -> Tensor:
        """As given."""
        return logits

    def logits(self, hidden: Tensor) -> Tensor:
        """As given."""
        return hidden

"""The model as a saliency differentiates it: from a leaf to the states after the last block.

The leaf is the output of the token embedding (what `inputs_embeds` takes), or the residual state
after a block. It is swapped in by a hook, so that weights that take no gradient (quantised ones
too) need none, and nothing before the leaf is differentiated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from .forward import device_of, forward
from .hooks import Arguments, forward_hooks, forward_pre_hooks, replaced_output
from .layout import Layout
from .sites import first_of, last_of
from .structure import Anatomy

__all__ = ["AttributionModel", "frozen", "mean_row"]


@dataclass(frozen=True)
class AttributionModel:
    """A model and the tokens it is asked about.

    token_ids  (T,) the text; a pass reads a prefix of it
    at_layer   the leaf: None is the embedding output, l the state after block l
    masked     whether the model says each token from the whole text, at its own position
    """

    model: nn.Module
    anatomy: Anatomy
    token_ids: tuple[int, ...]
    at_layer: int | None = None
    masked: bool = False

    def reach(self, target: int) -> int:
        """How many tokens, from the first on, a target is said from: its sources."""
        return len(self.token_ids) if self.masked else target

    def read_at(self, targets: Sequence[int]) -> Tensor:
        """(n,) the position whose state each target is read from."""
        return torch.tensor(targets) - (0 if self.masked else 1)

    def place(self, target: int) -> int:
        """The row that a target is read from in a text that ends before it."""
        return target if self.masked else -1

    @property
    def n_source(self) -> int:
        """How many sources lie before the text's: an encoder's, 0 where there is none."""
        return 0

    @property
    def n_sources(self) -> int:
        """How many sources there are in all."""
        return self.n_source + len(self.token_ids)

    def span(self, target: int) -> int:
        """How many sources, from the first on, a target has."""
        return self.n_source + self.reach(target)

    def all_of(self, token_id: int, n: int) -> Tensor:
        """(1, n, d) the leaf of a text that says this token only."""
        return self.leaf(torch.full_like(self.ids(n), token_id))

    def mean(self, n: int) -> Tensor:
        """(1, n, d) the mean of the vocabulary's embeddings, at every position."""
        embedding = self.model.get_submodule(self.anatomy.embedding)
        return mean_row(embedding, self.anatomy.vocab).expand(-1, n, -1)

    def leaf(self, token_ids: Tensor) -> Tensor:
        """(B, S) ids -> (B, S, d) the leaf's value in a plain pass, detached."""
        leaf, _ = self._pass(token_ids, lambda value: value.detach())
        return leaf

    def states(self, token_ids: Tensor) -> Tensor:
        """(B, S) ids -> (B, S, width) states after the last block, without a graph."""
        with torch.no_grad():
            _, states = self._pass(token_ids, lambda value: value)
        return states

    def states_of(self, texts: Sequence[Any]) -> Tensor:
        """(B, S, width) likewise, of texts of one length (see `mask.taken_out`)."""
        return self.states(self.rows(texts))

    def graph(self, n: int, value: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """A pass over the first n tokens that can be differentiated.

        Returns the leaf (B, n, d) and the states (B, n, width) after the last block. The leaf
        holds its own value (B = 1) or the B values given.
        """
        return self._pass(
            self.ids(n).expand(1 if value is None else len(value), -1),
            lambda own: (own if value is None else value).detach().requires_grad_(True),
        )

    def ids(self, n: int) -> Tensor:
        """(1, n) the first n token ids, where the embedding is."""
        return self.rows([self.token_ids[:n]])

    def rows(self, texts: Sequence[Sequence[int]]) -> Tensor:
        """(B, S) texts of one length, where the embedding is."""
        device = device_of(self.model.get_submodule(self.anatomy.embedding))
        return torch.tensor(texts, dtype=torch.long, device=device)

    def _pass(self, token_ids: Tensor, swap: Callable[[Tensor], Tensor]) -> tuple[Tensor, Tensor]:
        """One forward pass that ends after the last block; the leaf's value goes through swap."""
        stream, held = self.anatomy.stream, {}

        def exchange(value: Tensor) -> Tensor:
            held["leaf"] = swap(value)
            return held["leaf"].clone()  # some models go on in place, which a leaf does not allow

        def stop(_key: int, _args: Any, _kwargs: Any, output: Any) -> None:
            rows = stream.layout.rows(stream.exit.read(output))
            held["states"] = rows[:, : token_ids.shape[1]]
            raise _Reached

        last = last_of(self.model, self.anatomy.blocks[stream.called[-1]])
        with (
            self._at_leaf(exchange, token_ids.shape[1]),
            forward_hooks({0: last}, stop),
            suppress(_Reached),
        ):
            forward(self.model, token_ids)
        return held["leaf"], held["states"]

    def _at_leaf(
        self, exchange: Callable[[Tensor], Tensor], n: int | None = None
    ) -> AbstractContextManager[None]:
        """While inside, the leaf's value is what `exchange` makes of it, of the text's n rows.

        n None: no other rows come after the text's.
        """
        stream, module = self.anatomy.stream, self.model.get_submodule(self.anatomy.embedding)
        layout, blocks = stream.layout, self.anatomy.blocks

        def text(embedded: Tensor) -> Tensor:
            if not layout.has_extra_rows or embedded.shape[1] == n:
                return exchange(embedded)
            rows = Layout(0, 1, (embedded.shape[2],), lead=layout.lead, has_extra_rows=True)
            return rows.put(embedded, exchange(rows.rows(embedded)[:, :n]))

        if self.at_layer is None:
            return replaced_output(module, text)

        def through(state: Tensor) -> Tensor:
            return layout.put(state, exchange(layout.rows(state)[:, :n]))

        def enter(_key: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
            return stream.entry.give(args, kwargs, through(stream.entry.take(args, kwargs)))

        before = [block for block in stream.called if block <= self.at_layer]
        if not before:  # "in", or blocks that are not run: the state is still the first
            return forward_pre_hooks({0: first_of(self.model, blocks[stream.called[0]])}, enter)
        return replaced_output(
            last_of(self.model, blocks[before[-1]]),
            lambda output: stream.exit.write(output, through(stream.exit.read(output))),
        )


def mean_row(embedding: nn.Module, vocab: int) -> Tensor:
    """(1, 1, d) the mean of an embedding's first rows, float32."""
    with torch.no_grad():
        every = torch.arange(vocab, device=device_of(embedding))[None]
        mean: Tensor = embedding(every).float().mean(dim=1, keepdim=True)
        return mean


class _Reached(Exception):  # noqa: N818 - the end of a pass, no error
    """The states after the last block are there: the rest of the pass is not needed."""


@contextmanager
def frozen(model: nn.Module) -> Iterator[None]:
    """No parameter takes a gradient and dropout is off; all as it was afterwards.

    With the weights frozen a backward pass computes the gradients of the leaf only. Gradients are
    on inside, also where the caller has switched them off.
    """
    taking = [parameter for parameter in model.parameters() if parameter.requires_grad]
    training = [module for module in model.modules() if module.training]
    try:
        for parameter in taking:
            parameter.requires_grad_(False)
        model.eval()
        with torch.inference_mode(False), torch.enable_grad():
            yield
    finally:
        for parameter in taking:  # off-loaded ones were brought by an earlier pass, without grad
            with torch.inference_mode(parameter.is_inference()):
                parameter.requires_grad_(True)
        for module in training:
            module.training = True

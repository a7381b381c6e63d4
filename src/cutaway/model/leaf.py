"""The graph a saliency differentiates: from a leaf to the states after the last block.

The leaf is the output of the token embedding (what `inputs_embeds` takes), or the residual state
after a block. It is swapped in by a hook, so that weights that take no gradient (quantised ones
too) need none, and nothing before the leaf is differentiated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .structure import Anatomy

__all__ = ["Subject", "frozen"]


@dataclass(frozen=True)
class Subject:
    """A model and the tokens it is asked about.

    token_ids  (T,) the text; a pass reads a prefix of it
    at_layer   the leaf: None is the embedding output, l the state after block l
    """

    model: nn.Module
    anatomy: Anatomy
    token_ids: tuple[int, ...]
    at_layer: int | None = None

    def leaf(self, token_ids: Tensor) -> Tensor:
        """(B, S) ids -> (B, S, d) the leaf's value in a plain pass, detached."""
        leaf, _ = self._pass(token_ids, lambda value: value.detach())
        return leaf

    def states(self, token_ids: Tensor) -> Tensor:
        """(B, S) ids -> (B, S, width) states after the last block, without a graph."""
        with torch.no_grad():
            _, states = self._pass(token_ids, lambda value: value)
        return states

    def graph(self, n: int, value: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """A pass over the first n tokens that can be differentiated.

        Returns the leaf (1, n, d), which holds its own value or the one given, and the
        states (n, width) after the last block.
        """
        leaf, states = self._pass(
            self.ids(n),
            lambda own: (own if value is None else value).detach().requires_grad_(True),
        )
        return leaf, states[0]

    def ids(self, n: int) -> Tensor:
        """(1, n) the first n token ids, where the embedding is."""
        return self.rows([self.token_ids[:n]])

    def rows(self, texts: Sequence[Sequence[int]]) -> Tensor:
        """(B, S) texts of one length, where the embedding is."""
        device = next(self.model.get_submodule(self.anatomy.embedding).parameters()).device
        return torch.tensor(texts, dtype=torch.long, device=device)

    def _pass(self, token_ids: Tensor, swap: Callable[[Tensor], Tensor]) -> tuple[Tensor, Tensor]:
        """One forward pass that ends after the last block; the leaf's value goes through swap."""
        held: dict[str, Tensor] = {}

        def at_leaf(_module: nn.Module, _args: object, output: object) -> object:
            held["leaf"] = swap(_first(output))
            return _with_first(output, held["leaf"])

        def at_last(_module: nn.Module, _args: object, output: object) -> None:
            held["states"] = _first(output)
            raise _Reached

        with ExitStack() as hooks:
            self._hook(hooks, at_leaf)
            last = self.model.get_submodule(self.anatomy.blocks[-1].path)
            hooks.callback(last.register_forward_hook(at_last).remove)
            with suppress(_Reached):
                self.model(input_ids=token_ids, use_cache=False)
        return held["leaf"], held["states"]

    def _hook(self, hooks: ExitStack, at_leaf: Callable[..., object]) -> None:
        blocks, at = self.anatomy.blocks, self.at_layer
        path = self.anatomy.embedding if at is None else blocks[at].path
        hooks.callback(self.model.get_submodule(path).register_forward_hook(at_leaf).remove)


class _Reached(Exception):
    """The states after the last block are there: the rest of the pass is not needed."""


@contextmanager
def frozen(model: nn.Module) -> Iterator[None]:
    """No parameter takes a gradient and dropout is off; all as it was afterwards.

    With the weights frozen a backward pass computes the gradients of the leaf only.
    """
    taking = [parameter for parameter in model.parameters() if parameter.requires_grad]
    training = [module for module in model.modules() if module.training]
    try:
        for parameter in taking:
            parameter.requires_grad_(False)
        model.eval()
        yield
    finally:
        for parameter in taking:
            parameter.requires_grad_(True)
        for module in training:
            module.training = True


def _first(output: object) -> Tensor:
    """The tensor a module hands on: its output, or the first of several."""
    return output if isinstance(output, Tensor) else output[0]  # type: ignore[index,no-any-return]


def _with_first(output: object, value: Tensor) -> object:
    if isinstance(output, Tensor):
        return value
    return (value, *output[1:])  # type: ignore[index]

"""What the lens must be, had another way: the model itself in float64, with its upper blocks off.

The lens at layer l is what the model says when the blocks above l hand on what they take. Nothing
of Cutaway is used but the paths of the blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn

from .survey import NoReference, answered, run_plain

__all__ = ["entropy", "kl", "lens_logits", "ranks"]


#: The module that a block's state enters, and the one that gives it: in most models, the same.
Place = tuple[str, str]


def lens_logits(model: nn.Module, blocks: Sequence[Place], *, single: bool = False) -> Tensor:
    """(L + 1, T, V) logits of IDS: row 0 with every block off, row L of the whole model.

    In float64; in the model's float32 where its own code knows no other. A place that is there
    again is a block that is called again.
    """
    exact = model if single else _runnable(_precise(model))
    rows = []
    for first_off in range(len(blocks) + 1):
        with _off(exact, blocks, first_off):
            rows.append(answered(run_plain(exact)).double())
    return torch.stack(rows)


def _runnable(exact: nn.Module) -> nn.Module:
    """The model itself. Raises NoReference where its own code knows float32 alone."""
    try:
        run_plain(exact)
    except RuntimeError as failure:
        words = str(failure).splitlines()[0]
        raise NoReference(f"its own code does not run in float64 ({words})") from failure
    return exact


def _precise(model: nn.Module) -> nn.Module:
    """A float64 copy; mixtures run expert by expert, as the grouped product knows no float64."""
    copy = deepcopy(model).double()
    for module in copy.modules():
        if getattr(getattr(module, "config", None), "_experts_implementation", None):
            module.config._experts_implementation = "eager"
    return copy


@contextmanager
def _off(model: nn.Module, blocks: Sequence[Place], first_off: int) -> Iterator[None]:
    with ExitStack() as stack:
        for place in dict.fromkeys(blocks):
            layers = [layer for layer, own in enumerate(blocks) if own == place]
            first, last = (model.get_submodule(path) for path in place)
            take, hand_on = _handing_on(layers, first_off)
            stack.callback(first.register_forward_pre_hook(take, with_kwargs=True).remove)
            stack.callback(last.register_forward_hook(hand_on).remove)
        yield


def _handing_on(
    layers: Sequence[int], first_off: int
) -> tuple[Callable[..., None], Callable[..., Any]]:
    """Hooks into and out of a block whose n-th call is the n-th of these layers."""
    left, states = iter(layers), list[Tensor]()

    def take(_block: nn.Module, args: Any, kwargs: Any) -> None:
        states.append(args[0] if args else kwargs["hidden_states"])

    def hand_on(_block: nn.Module, _args: Any, output: Any) -> Any:
        if next(left) < first_off:
            return output
        return (states[-1], *output[1:]) if isinstance(output, (tuple, list)) else states[-1]

    return take, hand_on


def ranks(logits: Tensor, token_ids: Tensor) -> Tensor:
    """1 + the number of tokens with a greater logit."""
    own = logits.gather(-1, token_ids[..., None])
    return 1 + (logits > own).sum(-1)


def entropy(logits: Tensor) -> Tensor:
    """In nats."""
    log_p = logits.log_softmax(-1)
    return -(log_p.exp() * log_p).sum(-1)


def kl(reference: Tensor, logits: Tensor) -> Tensor:
    """KL(reference || logits) in nats."""
    log_p, log_q = reference.log_softmax(-1), logits.log_softmax(-1)
    return (log_p.exp() * (log_p - log_q)).sum(-1)

"""What the lens must be, had another way: the model itself in float64, with its upper blocks off.

The lens at layer l is what the model says when the blocks above l hand on what they take. Nothing
of Cutaway is used but the paths of the blocks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["entropy", "kl", "lens_logits", "ranks"]


def lens_logits(
    model: nn.Module, blocks: Sequence[str], token_ids: Sequence[int], *, single: bool = False
) -> Tensor:
    """(L + 1, T, V) logits: row 0 with every block off, row L of the whole model.

    In float64; in the model's float32 where its own code knows no other.
    """
    exact = model if single else _precise(model)
    ids = torch.tensor([list(token_ids)])
    rows = []
    for first_off in range(len(blocks) + 1):
        with torch.inference_mode(), _off(exact, blocks[first_off:]):
            output = exact(input_ids=ids, use_cache=False)
        logits = output.logits if hasattr(output, "logits") else output[0]
        rows.append(logits[0].double())
    return torch.stack(rows)


def _precise(model: nn.Module) -> nn.Module:
    """A float64 copy; mixtures run expert by expert, as the grouped product knows no float64."""
    copy = deepcopy(model).double()
    for module in copy.modules():
        if getattr(getattr(module, "config", None), "_experts_implementation", None):
            module.config._experts_implementation = "eager"
    return copy


@contextmanager
def _off(model: nn.Module, blocks: Sequence[str]) -> Iterator[None]:
    with ExitStack() as stack:
        for path in blocks:
            block = model.get_submodule(path)
            stack.callback(block.register_forward_hook(_hand_on, with_kwargs=True).remove)
        yield


def _hand_on(block: nn.Module, args: Any, kwargs: Any, output: Any) -> Any:
    state = args[0] if args else kwargs["hidden_states"]
    return (state, *output[1:]) if isinstance(output, (tuple, list)) else state


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

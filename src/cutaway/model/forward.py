"""One plain pass of a model over one row of tokens, asking for no more than is needed."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import torch
from torch import Tensor, nn

__all__ = [
    "as_input", "device_of", "forward", "has_logits", "inference_mode", "logits_of",
    "pass_options",
]  # fmt: skip


def forward(model: nn.Module, token_ids: Tensor, *, logits_to_keep: int = 0) -> Any:
    """The model's output for (B, T) token ids: no cache; `logits_to_keep` rows of logits (0: all).

    >>> forward(model, as_input(model, [5, 6, 7])).logits.shape  # doctest: +SKIP
    torch.Size([1, 3, 200])
    """
    return model(input_ids=token_ids, **pass_options(model, logits_to_keep))


def pass_options(model: nn.Module, logits_to_keep: int = 0) -> dict[str, Any]:
    """The arguments of a pass without a cache, as far as the model knows them."""
    accepted = inspect.signature(model.forward).parameters
    open_ended = any(entry.kind is entry.VAR_KEYWORD for entry in accepted.values())
    options: dict[str, Any] = {}
    if "use_cache" in accepted or open_ended:
        options["use_cache"] = False
    if logits_to_keep and "logits_to_keep" in accepted:
        options["logits_to_keep"] = logits_to_keep
    return options


def has_logits(output: Any) -> bool:
    """Whether a model's output holds logits; one without a head gives its last states."""
    return getattr(output, "logits", None) is not None


def logits_of(output: Any) -> Tensor:
    """The (B, T, V) logits of a model's output; without a head its (B, T, width) states."""
    return cast("Tensor", output.logits if hasattr(output, "logits") else output[0])


def as_input(model: nn.Module, token_ids: Sequence[int]) -> Tensor:
    """(1, T) token ids where the model's first parameters are."""
    return torch.tensor([list(token_ids)], dtype=torch.long, device=device_of(model))


def device_of(module: nn.Module) -> torch.device:
    """Where a module runs: where its first parameter is; the CPU for one without any.

    Offloaded parameters are on no device until they are used: accelerate's hook knows where.
    """
    for part in module.modules():
        device = getattr(getattr(part, "_hf_hook", None), "execution_device", None)
        if device is not None:
            return torch.device(device)
    first = next(module.parameters(), None)
    return torch.device("cpu") if first is None else first.device


@contextmanager
def inference_mode(model: nn.Module) -> Iterator[None]:
    """The model in eval mode and without gradients; every module's own mode comes back after.

    Modes are kept one by one: a fine-tuned model may have parts frozen in eval mode.
    """
    training = [module for module in model.modules() if module.training]
    try:
        for module in training:
            module.training = False
        with torch.inference_mode():
            yield
    finally:
        for module in training:
            module.training = True

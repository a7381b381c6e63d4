"""A copy of a model that shares its weights, to be watched or to run its attention eagerly."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from types import MappingProxyType
from typing import Any

from torch import Tensor, nn
from transformers import PretrainedConfig

__all__ = ["shared_copy"]


def shared_copy(
    model: nn.Module, *, eager: bool = False, instead: Mapping[int, Tensor] = MappingProxyType({})
) -> nn.Module:
    """The modules of a model once more, around the same tensors.

    >>> twin = shared_copy(model)  # doctest: +SKIP
    >>> twin.lm_head.weight is model.lm_head.weight  # doctest: +SKIP
    True

    eager    whether its configuration asks for eager attention; a module that was built as another
             class for its kernel stays of that class
    instead  the id of a tensor -> what the twin has in its place

    The model itself is not touched, so that nothing has to be put back and other threads may go
    on using it. Hooks are copied along.
    """
    shared: dict[int, Any] = {id(tensor): tensor for tensor in _tensors(model)} | dict(instead)
    twin = deepcopy(model, shared)
    for module in twin.modules():
        config = getattr(module, "config", None)
        if eager and isinstance(config, PretrainedConfig):
            config._attn_implementation = "eager"
    return twin


def _tensors(model: nn.Module) -> list[Tensor]:
    """Parameters, buffers and whatever other tensors hang on the modules."""
    kept = [*model.parameters(), *model.buffers()]
    for module in model.modules():
        kept += [value for value in vars(module).values() if isinstance(value, Tensor)]
    return kept

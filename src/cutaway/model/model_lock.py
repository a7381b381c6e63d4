"""One thread at a time uses a model, and runs it as it is written: not as it was compiled.

What `torch.compile` made of a module is one piece: no hook fires in it. While a compiled model is
held its modules run their own code, under their own paths; afterwards it is compiled as before.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import RLock
from types import TracebackType

import torch
from torch import nn

from ..core.errors import InvalidError

__all__ = ["ModelLock", "uncompiled"]

#: Whether compiled code runs is said to the whole process: one model at a time may say no.
_STANCE = RLock()


class ModelLock:
    """A model while it is used, by one thread, which may take it again.

    >>> with ModelLock(model):  # doctest: +SKIP
    ...     model(ids)
    """

    def __init__(self, model: nn.Module) -> None:
        self._model = model
        self._lock = RLock()
        self._held: list[ExitStack] = []

    def __enter__(self) -> None:
        with ExitStack() as stack:
            stack.enter_context(self._lock)
            if not self._held and _is_compiled(self._model):
                stack.enter_context(_plain(self._model))
            self._held.append(stack.pop_all())

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._held.pop().__exit__(kind, error, trace)


def uncompiled(module: nn.Module) -> nn.Module:
    """The module that `torch.compile(module)` gave a shell; any other as it is.

    Raises InvalidError where the shell has hooks of its own, which would then be passed over.
    """
    inner = getattr(module, "_orig_mod", None)
    if not isinstance(inner, nn.Module):
        return module
    if module._forward_hooks or module._forward_pre_hooks:
        raise InvalidError(
            "model", type(inner).__name__, allowed="compiled modules without hooks of their own",
            fix="register the hooks on module._orig_mod, or give the model before it is compiled",
        )  # fmt: skip
    return inner


@contextmanager
def _plain(model: nn.Module) -> Iterator[None]:
    """Shells taken off, and no compiled code run, while inside."""
    shells = [
        (parent, name, child, uncompiled(child))
        for parent in model.modules()
        for name, child in parent.named_children()
        if uncompiled(child) is not child
    ]
    with _STANCE, torch.compiler.set_stance("force_eager"):
        try:
            for parent, name, _, inner in shells:
                parent._modules[name] = inner
            yield
        finally:
            for parent, name, shell, _ in shells:
                parent._modules[name] = shell


def _is_compiled(model: nn.Module) -> bool:
    """Whether any part was compiled: as a module, in place, or its method alone."""
    return "torch._dynamo" in sys.modules and any(
        getattr(module, "_compiled_call_impl", None) is not None
        or hasattr(module.forward, "_torchdynamo_orig_callable")
        for module in model.modules()
    )

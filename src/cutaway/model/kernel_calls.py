"""Attention calls, caught where transformers hands them to a kernel.

Every modern attention module asks `AttentionInterface.get_interface(name, default)` for its kernel;
`default` is its own eager function. For the length of one forward pass the lookup is wrapped, so
that the kernel in use runs unchanged, under its own name, and its arguments are kept.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle
from typing import Any

from torch import Tensor, nn
from transformers import AttentionInterface

from ..core.returned import Kept

__all__ = ["KernelCall", "caught", "listening"]

Kernel = Callable[..., tuple[Tensor, Tensor | None]]
#: The layer of a module, or those of one that is called once for each.
Layers = int | tuple[int, ...]

#: The lookup belongs to the whole process: one recording at a time may wrap it.
_LOCK = threading.RLock()


@dataclass(frozen=True)
class KernelCall:
    """One attention call as the kernel got it; tensors are the model's own, not copies.

    query    (1, H, T, d) after rotary embedding;  key (1, K, T, d);  value (1, K, T, dv): K
             key-value heads, each serving H // K query heads
    mask     what the kernel was given: None (causal, where the module is), bool or additive
    options  the other keyword arguments: scaling, soft-cap, sinks, position bias, window
    output   (1, T, H, dv) what the kernel answered
    eager    the module's own eager function, which also answers the weights
    """

    module: nn.Module
    query: Tensor
    key: Tensor
    value: Tensor
    mask: Tensor | None
    options: Mapping[str, Any]
    output: Tensor
    eager: Kernel


@contextmanager
def listening(
    modules: Mapping[nn.Module, Layers], take: Callable[[int, KernelCall], None]
) -> Iterator[None]:
    """Call `take(layer, call)` for the attention calls of these modules, by this thread only.

    modules  module -> its layer; the calls of one that several layers share go to them in turn

    The lookup is put back on leaving, whatever happened; other threads' models run untouched.
    """
    thread = threading.get_ident()
    turns = {m: cycle(n if isinstance(n, tuple) else (n,)) for m, n in modules.items()}
    with _LOCK:
        lookup = AttentionInterface.get_interface

        def get_interface(registry: AttentionInterface, name: str, default: Kernel) -> Kernel:
            kernel: Kernel = lookup(registry, name, default)
            if threading.get_ident() != thread:
                return kernel
            return _telling(kernel, default, turns, take)

        AttentionInterface.get_interface = get_interface  # type: ignore[assignment,method-assign]
        try:
            yield
        finally:
            AttentionInterface.get_interface = lookup  # type: ignore[method-assign]


@contextmanager
def caught(modules: Mapping[nn.Module, Layers]) -> Iterator[dict[int, list[KernelCall]]]:
    """Keep the attention calls of these modules (module -> layer): yields layer -> its calls."""
    calls: dict[int, list[KernelCall]] = {}
    freed = Kept()

    def keep(layer: int, call: KernelCall) -> None:
        calls.setdefault(layer, []).append(call)
        freed.add(sum(t.nbytes for t in (call.query, call.key, call.value, call.output)))

    with listening(modules, keep):
        yield calls


def _telling(
    kernel: Kernel,
    eager: Kernel,
    turns: Mapping[nn.Module, Iterator[int]],
    take: Callable[[int, KernelCall], None],
) -> Kernel:
    def attention(
        module: nn.Module, query: Tensor, key: Tensor, value: Tensor,
        attention_mask: Tensor | None = None, **options: Any,
    ) -> tuple[Tensor, Tensor | None]:  # fmt: skip
        answer = kernel(module, query, key, value, attention_mask, **options)
        if module in turns:
            call = KernelCall(module, query, key, value, attention_mask, options, answer[0], eager)
            take(next(turns[module]), call)
        return answer

    return attention

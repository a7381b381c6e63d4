"""Hooks that are always taken off again: the only way Cutaway looks into a running model."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from dataclasses import dataclass
from itertools import count, cycle
from typing import Any, TypeVar

from torch import Tensor, nn
from transformers import Cache

from .layout import tensors_in

__all__ = [
    "Arguments", "ModuleCall", "Site", "Turn", "forward_hooks", "forward_pre_hooks", "fresh",
    "module_calls", "replaced_output",
]  # fmt: skip

Key = TypeVar("Key", bound=Hashable)
Arguments = tuple[tuple[Any, ...], dict[str, Any]]


@dataclass(frozen=True)
class Turn:
    """One of the `of` calls of a module in every pass: number n, from 0.

    Turns are counted from the moment on that they are watched.
    """

    module: nn.Module
    n: int
    of: int


#: What is watched: every call of a module, or one of them.
Site = nn.Module | Turn


@contextmanager
def forward_pre_hooks(
    sites: Mapping[Key, Site],
    act: Callable[[Key, tuple[Any, ...], dict[str, Any]], Arguments | None],
) -> Iterator[None]:
    """Call `act(key, args, kwargs)` before each site; what it returns replaces the arguments."""
    with ExitStack() as stack:
        for key, site in sites.items():
            module, due = _due(site)

            def hook(
                _: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any],
                key: Key = key, due: Iterator[bool] | None = due,
            ) -> Arguments | None:  # fmt: skip
                return act(key, args, kwargs) if due is None or next(due) else None

            stack.callback(module.register_forward_pre_hook(hook, with_kwargs=True).remove)
        yield


@contextmanager
def forward_hooks(
    sites: Mapping[Key, Site],
    act: Callable[[Key, tuple[Any, ...], dict[str, Any], Any], Any],
) -> Iterator[None]:
    """Call `act(key, args, kwargs, output)` after each site; a result replaces the output."""
    with ExitStack() as stack:
        for key, site in sites.items():
            module, due = _due(site)

            def hook(
                _: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any,
                key: Key = key, due: Iterator[bool] | None = due,
            ) -> Any:  # fmt: skip
                return act(key, args, kwargs, output) if due is None or next(due) else None

            stack.callback(module.register_forward_hook(hook, with_kwargs=True).remove)
        yield


def _due(site: Site) -> tuple[nn.Module, Iterator[bool] | None]:
    """The module to hook into, and for each of its calls whether it is meant; None: all are."""
    if isinstance(site, Turn):
        return site.module, cycle([n == site.n for n in range(site.of)])
    return site, None


@contextmanager
def replaced_output(site: Site, change: Callable[[Any], Any]) -> Iterator[None]:
    """The site's output exchanged for `change(output)` while inside the block."""

    def exchange(_key: int, _args: tuple[Any, ...], _kwargs: dict[str, Any], output: Any) -> Any:
        return change(output)

    with forward_hooks({0: site}, exchange):
        yield


@dataclass(frozen=True)
class ModuleCall:
    """One call of one module: copies of the floating tensors it took and gave.

    start, end    its place among all the calls watched: nested calls lie between
    inputs        argument index or name -> tensor
    outputs       result index or name (None: the result itself) -> tensor
    args, kwargs  all it took, by reference, where they were asked for
    """

    path: str
    module: nn.Module
    start: int
    end: int
    inputs: Mapping[int | str | None, Tensor]
    outputs: Mapping[int | str | None, Tensor]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]


def fresh(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Arguments:
    """Arguments to call a module with: caches of keys as copies, for it writes into them."""
    if any(isinstance(value, Cache) for value in (*args, *kwargs.values())):
        kept = {id(value): deepcopy(value) for value in (*args, *kwargs.values())
                if isinstance(value, Cache)}  # fmt: skip
        args = tuple(kept.get(id(value), value) for value in args)
        kwargs = {name: kept.get(id(value), value) for name, value in kwargs.items()}
    return args, dict(kwargs)


@contextmanager
def module_calls(
    modules: Mapping[str, nn.Module], *, arguments: bool = False
) -> Iterator[list[ModuleCall]]:
    """Every call of the modules, with copies of what went in and out.

    Copies, for a module may go on to change its input in place. The list is in order of the
    starts once the block is left.
    """
    seen: list[ModuleCall] = []
    running: list[tuple[int, dict[int | str | None, Tensor], Arguments]] = []
    clock = count()

    def begin(_path: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        inputs = {key: t.clone() for key, t in (*tensors_in(args), *tensors_in(kwargs))}
        running.append((next(clock), inputs, fresh(args, kwargs) if arguments else ((), {})))

    def end(path: str, _args: tuple[Any, ...], _kwargs: dict[str, Any], output: Any) -> None:
        start, inputs, kept = running.pop()
        outputs = {key: t.clone() for key, t in tensors_in(output)}
        seen.append(ModuleCall(path, modules[path], start, next(clock), inputs, outputs, *kept))

    with forward_pre_hooks(modules, begin), forward_hooks(modules, end):
        yield seen
    seen.sort(key=lambda call: call.start)

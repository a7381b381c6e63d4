"""Hooks that are always taken off again: the only way Cutaway looks into a running model."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any, TypeVar

from torch import Tensor, nn

from .layout import tensors_in

__all__ = ["Call", "calls", "entering", "leaving", "replaced"]

Key = TypeVar("Key", bound=Hashable)
Arguments = tuple[tuple[Any, ...], dict[str, Any]]


@contextmanager
def entering(
    modules: Mapping[Key, nn.Module],
    act: Callable[[Key, tuple[Any, ...], dict[str, Any]], Arguments | None],
) -> Iterator[None]:
    """Call `act(key, args, kwargs)` before each module; what it returns replaces the arguments."""
    with ExitStack() as stack:
        for key, module in modules.items():

            def hook(
                _: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], key: Key = key
            ) -> Arguments | None:
                return act(key, args, kwargs)

            stack.callback(module.register_forward_pre_hook(hook, with_kwargs=True).remove)
        yield


@contextmanager
def leaving(
    modules: Mapping[Key, nn.Module],
    act: Callable[[Key, tuple[Any, ...], dict[str, Any], Any], Any],
) -> Iterator[None]:
    """Call `act(key, args, kwargs, output)` after each module; a result replaces the output."""
    with ExitStack() as stack:
        for key, module in modules.items():

            def hook(
                _: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any,
                key: Key = key,
            ) -> Any:  # fmt: skip
                return act(key, args, kwargs, output)

            stack.callback(module.register_forward_hook(hook, with_kwargs=True).remove)
        yield


@contextmanager
def replaced(module: nn.Module, change: Callable[[Any], Any]) -> Iterator[None]:
    """The module's output exchanged for `change(output)` while inside the block."""

    def exchange(_key: int, _args: tuple[Any, ...], _kwargs: dict[str, Any], output: Any) -> Any:
        return change(output)

    with leaving({0: module}, exchange):
        yield


@dataclass(frozen=True)
class Call:
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


@contextmanager
def calls(modules: Mapping[str, nn.Module], *, arguments: bool = False) -> Iterator[list[Call]]:
    """Every call of the modules, with copies of what went in and out.

    Copies, for a module may go on to change its input in place. The list is in order of the
    starts once the block is left.
    """
    seen: list[Call] = []
    running: list[tuple[int, dict[int | str | None, Tensor]]] = []
    clock = count()

    def begin(_path: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        inputs = {key: t.clone() for key, t in (*tensors_in(args), *tensors_in(kwargs))}
        running.append((next(clock), inputs))

    def end(path: str, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
        start, inputs = running.pop()
        outputs = {key: t.clone() for key, t in tensors_in(output)}
        kept = (args, kwargs) if arguments else ((), {})
        seen.append(Call(path, modules[path], start, next(clock), inputs, outputs, *kept))

    with entering(modules, begin), leaving(modules, end):
        yield seen
    seen.sort(key=lambda call: call.start)

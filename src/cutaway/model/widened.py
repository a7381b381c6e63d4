"""A weight in half precision that is read as float32, without a copy that stays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_map

from ..core.errors import MissingError

__all__ = ["Widened"]

_ATEN = torch.ops.aten
#: Another look at the same numbers, which stays as small.
_VIEWS = {
    _ATEN.detach.default, _ATEN.alias.default, _ATEN.t.default, _ATEN.numpy_T.default,
    _ATEN.transpose.int, _ATEN.permute.default, _ATEN.slice.Tensor, _ATEN.select.int,
}  # fmt: skip
#: A few rows of a table, which need not be widened whole.
_ROWS = {_ATEN.embedding.default, _ATEN.index_select.default, _ATEN.index.Tensor}


class Widened(Tensor):
    """A tensor in half precision as float32: what a module meets is a float32 tensor of its shape.

    >>> Widened(torch.tensor([0.1, 2.0], dtype=torch.bfloat16)) * 2
    tensor([0.2002, 4.0000])

    It holds no number of its own. Each operation is given those of `held` in float32, which is
    exact, and lets go of them. Raises MissingError where it is written into: that would be lost.
    """

    #: Its attributes are those it is made with; operations come to __torch_dispatch__.
    __torch_function__ = torch._C._disabled_torch_function_impl  # type: ignore[assignment]
    held: Tensor

    @staticmethod
    def __new__(cls, held: Tensor) -> Widened:
        made: Widened = torch.Tensor._make_wrapper_subclass(
            cls, held.shape, strides=held.stride(), dtype=torch.float32, device=held.device,
            requires_grad=held.requires_grad,
        )  # fmt: skip
        made.held = held.detach()
        return made

    def __init__(self, held: Tensor) -> None:
        """All is done where it is made."""

    @classmethod
    def __torch_dispatch__(  # type: ignore[override]
        cls, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        given = kwargs or {}
        if func._schema.is_mutable:
            _refuse_writing(func, args, given)
        if func in _ROWS and isinstance(args[0], Widened):
            return func(args[0].held, *args[1:], **given).float()
        if not _is_view(func):
            return func(*tree_map(_wide, args), **tree_map(_wide, given))
        with torch.inference_mode(False):  # a view of what is no inference tensor must be none
            if func in _VIEWS:
                return cls(func(args[0].held, *args[1:], **given))
            return func(*tree_map(_plain, args), **tree_map(_plain, given))

    def data_ptr(self) -> int:
        """Where its numbers are: two names of one weight are told by it."""
        return self.held.data_ptr()

    def __repr__(self) -> str:  # type: ignore[override]
        return f"Widened({self.held.dtype}, {tuple(self.shape)})"


def _is_view(func: Any) -> bool:
    """Whether what an operation gives may share its numbers with what it takes."""
    known = func._schema
    return not known.is_mutable and any(each.alias_info is not None for each in known.arguments)


def _plain(value: Any) -> Any:
    """The float32 form."""
    return value.held.float() if isinstance(value, Widened) else value


def _wide(value: Any) -> Any:
    """The same for arithmetic: torch folds some products otherwise where gradients may be asked."""
    if not isinstance(value, Widened):
        return value
    return value.held.float().requires_grad_(value.requires_grad)


def _refuse_writing(func: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
    """What is written into a passing float32 form would be lost without a word."""
    if any(isinstance(part, Widened) for part in _written(func, args, kwargs)):
        raise MissingError(
            "the float32 form of this model",
            because=f"it writes into its own weights while it runs ({func})",
        )


def _written(func: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Iterator[Any]:
    """What an operation writes into, each tensor of a list too."""
    for place, argument in enumerate(func._schema.arguments):
        if argument.alias_info is not None and argument.alias_info.is_write:
            value = args[place] if place < len(args) else kwargs.get(argument.name)
            yield from value if isinstance(value, (list, tuple)) else [value]

"""Whether the sign of a neuron's activation means anything.

In a gated MLP, down(act(gate) * up), it does not: flip a row of `up` and the matching column of
`down` and the model is the same. Told by the numbers: with `up` negated, what enters the
down-projection is negated too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from .block_calls import BlockCalls
from .equality import close, equal, tolerance
from .hooks import ModuleCall, forward_pre_hooks, fresh, replaced_output
from .layout import Port

__all__ = ["is_gated"]


def is_gated(watched: BlockCalls, down: ModuleCall | None, fused: ModuleCall | None) -> bool:
    """Whether all neurons of a block, of its MLP and of its mixture, are gated ones."""
    return (down is None or _dense(watched, down)) and (fused is None or _mixture(fused.module))


def _dense(watched: BlockCalls, down: ModuleCall) -> bool:
    rows = watched.taken(down)[0][1]
    earlier = [call for call in watched.below if call.end < down.start and watched.is_linear(call)]
    return any(
        watched.made(call)[0].shape[1] in (rows.shape[1], 2 * rows.shape[1])
        and not equal(watched.made(call)[0], rows)
        and _negates(_between(watched, call, down), call, down)
        for call in reversed(earlier)
    )


def _between(watched: BlockCalls, up: ModuleCall, down: ModuleCall) -> list[ModuleCall]:
    """What runs the way from `up` to `down` again: the smallest call around both, or members."""
    around = [c for c in watched.calls if c.start <= up.start and down.end <= c.end]
    if around:
        return [max(around, key=lambda call: call.start)]
    members = [call for call in watched.calls if call.path in watched.members]
    return [call for call in members if up.start < call.end and call.start < down.end]


def _negates(parents: Sequence[ModuleCall], up: ModuleCall, down: ModuleCall) -> bool:
    """Whether negating a part of what `up` gives negates what enters `down`."""
    plain = _entering_down(parents, up, down, None)
    width = plain.shape[-1]
    return any(
        close(_entering_down(parents, up, down, part), -plain, tolerance(plain.dtype))
        for part in _halves(width, next(iter(up.outputs.values())).shape[-1])
    )


def _halves(width: int, given: int) -> Iterator[slice]:
    """The columns that can be `up`: all; or, where gate and up are one product, half of them."""
    if given == width:
        yield slice(None)
    elif given == 2 * width:
        yield from (slice(width, None), slice(width), slice(1, None, 2), slice(0, None, 2))


def _entering_down(
    parents: Sequence[ModuleCall], up: ModuleCall, down: ModuleCall, part: slice | None
) -> Tensor:
    def negate(output: Any) -> Any:
        if part is None:
            return output
        port = Port(next(iter(up.outputs)))
        changed = port.read(output).clone()
        changed[..., part] *= -1
        return port.write(output, changed)

    taken: list[Tensor] = []

    def keep(_key: int, args: tuple[Any, ...], _kwargs: dict[str, Any]) -> None:
        taken.append(args[0].clone())

    with replaced_output(up.module, negate), forward_pre_hooks({0: down.module}, keep):
        _run_again(parents)
    return taken[0]


def _run_again(calls: Sequence[ModuleCall]) -> None:
    """Some modules one after the other: each takes what those before it give now."""
    now: list[tuple[Tensor, Tensor]] = []
    for call in calls:
        args, kwargs = fresh(call.args, call.kwargs)
        for key, value in call.inputs.items():
            for old, new in now:
                if equal(old, value):
                    args, kwargs = Port(key).give(args, kwargs, new)
        output = call.module(*args, **kwargs)
        now += [(old, Port(key).read(output)) for key, old in call.outputs.items()]


def _mixture(module: Any) -> bool:
    """Whether the gate of fused experts is odd in some half of what it takes."""
    if not module.has_gate:
        return False
    product = torch.linspace(-1.5, 2.0, 4 * 24, dtype=module.down_proj.dtype).reshape(4, 24)
    product = product.to(module.down_proj.device)
    plain = module._apply_gate(product)
    for part in _halves(12, 24):
        changed = product.clone()
        changed[:, part] *= -1
        if close(module._apply_gate(changed), -plain, tolerance(plain.dtype)):
            return True
    return False

"""What modules do, as formulas: recomputed in float64 from their weights, chosen by the numbers.

No class name is read. A norm is whichever textbook norm gives the module's own output; an
activation is whichever function does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...trace.walk import TOLERANCE
from ..equality import as_float64

__all__ = ["activation", "gap", "linear", "norm", "shapes"]

_EPSILONS = ("eps", "variance_epsilon", "epsilon", "norm_eps", "layer_norm_epsilon")
_ACTIVATIONS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "SiLU": functional.silu,
    "GELU": functional.gelu,
    "GELU (tanh)": lambda x: functional.gelu(x, approximate="tanh"),
    "GELU (sigmoid)": lambda x: x * torch.sigmoid(1.702 * x),
    "ReLU": functional.relu,
    "ReLU²": lambda x: functional.relu(x) ** 2,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
}


def gap(found: Tensor, wanted: Tensor) -> float:
    """The largest difference, relative to the largest entry of what was wanted."""
    a, b = as_float64(found), as_float64(wanted)
    if a.shape != b.shape:
        return float("inf")
    return float((a - b).abs().max() / b.abs().max().clamp_min(1e-30))


def shapes(module: nn.Module) -> dict[str, tuple[int, ...]]:
    """The shapes of a module's own parameters."""
    return {name: tuple(p.shape) for name, p in module.named_parameters(recurse=False)}


def linear(module: nn.Module, x: Tensor) -> tuple[str, Tensor] | None:
    """(N, n) through a product with the module's matrix, in float64; None where it has none."""
    weight, bias = getattr(module, "weight", None), getattr(module, "bias", None)
    if not isinstance(weight, Tensor) or type(weight) not in (Tensor, nn.Parameter):
        return None  # a quantised one has arithmetic of its own
    if weight.dim() != 2 or not weight.is_floating_point():
        return None
    rows, matrix = as_float64(x), as_float64(weight)
    transposed = _is_transposed(module, x)
    if transposed is None:
        return None
    result = rows @ (matrix if transposed else matrix.T)
    words = "input × weight" if transposed else "weight × input"
    if isinstance(bias, Tensor):
        return f"{words} + bias", result + as_float64(bias)
    return words, result


def _is_transposed(module: nn.Module, x: Tensor) -> bool | None:
    """Whether the weight is (inputs, outputs), as GPT-2 keeps it; told by what the module gives."""
    weight = as_float64(module.weight)  # type: ignore[arg-type]
    width = x.shape[-1]
    if weight.shape[0] != weight.shape[1]:
        return {weight.shape[0]: True, weight.shape[1]: False}.get(width)
    if weight.shape[0] != width:
        return None
    given = as_float64(module(x[:1].to(module.weight.device, module.weight.dtype)))  # type: ignore[arg-type]
    bias = getattr(module, "bias", None)
    plain = given if bias is None else given - as_float64(bias)
    straight, turned = as_float64(x[:1]) @ weight.T, as_float64(x[:1]) @ weight
    return gap(turned, plain) < gap(straight, plain)


def norm(module: nn.Module, x: Tensor, y: Tensor) -> tuple[str, Tensor] | None:
    """The textbook norm that turns x into y (N, n), with its words; None where none does.

    The epsilon that the module declares comes first: near ones can be within the tolerance too.
    """
    declared = {float(getattr(module, name)) for name in _EPSILONS if _is_number(module, name)}
    found = _nearest(_norms(module, as_float64(x), declared), y)
    return _nearest(_norms(module, as_float64(x), {1e-5, 1e-6}), y) if found is None else found


def _norms(module: nn.Module, x: Tensor, epsilons: set[float]) -> Iterator[tuple[str, Tensor]]:
    weight = getattr(module, "weight", None)
    bias = getattr(module, "bias", None)
    w = as_float64(weight) if isinstance(weight, Tensor) else None
    b = as_float64(bias) if isinstance(bias, Tensor) else None
    if any(part is not None and part.shape[-1] != x.shape[-1] for part in (w, b)):
        return
    for eps in sorted(epsilons):
        square = (x**2).mean(-1, keepdim=True)
        centred = x - x.mean(-1, keepdim=True)
        rms = x / (square + eps).sqrt()
        standard = centred / ((centred**2).mean(-1, keepdim=True) + eps).sqrt()
        for base, words in (
            (rms, f"input / √(mean(input²) + {eps:g})"),
            (standard, f"(input − mean) / √(variance + {eps:g})"),
        ):
            yield from _weighed(base, words, w, b)


def _weighed(
    base: Tensor, words: str, w: Tensor | None, b: Tensor | None
) -> Iterator[tuple[str, Tensor]]:
    if w is None:
        yield words, base
        return
    shift, ending = (0, "") if b is None else (b, " + bias")
    yield f"{words} × weight{ending}", base * w + shift
    yield f"{words} × (1 + weight){ending}", base * (1 + w) + shift


def _is_number(module: nn.Module, name: str) -> bool:
    return isinstance(getattr(module, name, None), (int, float))


def activation(y: Tensor, up: Tensor, gate: Tensor | None) -> tuple[str, Tensor] | None:
    """The function that turns what the MLP's first product gave into its neurons y."""
    x = as_float64(up if gate is None else gate)
    ending = "(up)" if gate is None else "(gate) × up"
    factor = 1.0 if gate is None else as_float64(up)
    found = ((name + ending, function(x) * factor) for name, function in _ACTIVATIONS.items())
    return _nearest(found, y)


def _nearest(found: Iterable[tuple[str, Tensor]], y: Tensor) -> tuple[str, Tensor] | None:
    """The words and numbers nearest to y, None where none is within the tolerance."""
    best = min(found, key=lambda pair: gap(pair[1], y), default=None)
    return None if best is None or gap(best[1], y) > TOLERANCE else best

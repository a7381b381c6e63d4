"""Several texts in one pass, padded on the right, once this model is proven to allow it.

No mask is given: where attention is causal no token reads the padding after it, and the model
runs the kernel that it runs on a single text. That is nearer to the single run than a masked pass
is, and faster; a family that looks ahead fails the proof, and its texts are run one by one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from ..core.progress import steps
from ..trace.source import Floats
from .forward import device_of, forward, inference_mode
from .record import numbers, recording, run
from .structure import Anatomy

__all__ = ["Materials", "padding_refused", "record_rows"]

#: Material -> layer -> (T, n) array.
Materials = dict[str, dict[int, Floats]]

#: Tokens of one padded pass, padding included: large products, small memory.
_TOKENS = 2048
#: Shorter texts are run by themselves: for so few rows matrix products round in another order,
#: and SmolLM2's states, ill-conditioned there, move by up to 1e-4 of their largest entry.
_SHORTEST = 5
#: How far a padded run's array may lie from the single run's, in its largest entry.
_TOLERANCE = 1e-5
#: Lengths of the texts that padding is proven on.
_LENGTHS = (29, 17, 8)


def record_rows(
    conditioned: Sequence[nn.Module],
    anatomy: Anatomy,
    rows: Sequence[Sequence[int]],
    materials: tuple[str, ...],
    *,
    padded: bool,
) -> list[Materials]:
    """What is recorded of each row of token ids; padded: many rows in one pass.

    conditioned  the model of each row, under what it is given beside the ids; the same if padded

    >>> record_rows([model] * 2, anatomy, [[5, 6], [7]], ("states",), padded=True)  # doctest: +SKIP
    [{'states': {-1: array(...), ...}}, {'states': {...}}]
    """
    recorded: dict[int, Materials] = {}
    batches = list(_batches([len(ids) for ids in rows], together=padded))
    for places in steps(batches, "reading texts"):
        some = [rows[place] for place in places]
        model = conditioned[places[0]]
        if len(some) == 1:
            arrays = [run(model, anatomy, some[0], materials)]
        else:
            arrays = _record_padded(model, anatomy, some, materials)
        recorded.update(zip(places, arrays, strict=True))
    return [recorded[place] for place in range(len(rows))]


def padding_refused(model: nn.Module, anatomy: Anatomy, n_ids: int) -> str:
    """Why this model's texts can't share a pass; "" where padding was proven to change nothing.

    Three short texts are run padded and one by one, and all that can be recorded is compared.
    """
    random = np.random.default_rng(0)
    texts = [random.integers(n_ids, size=length).tolist() for length in _LENGTHS]
    others = ("inside", "neurons", "experts")
    known = {name: anatomy.capabilities.get(name) for name in others}
    materials = ("states", *(name for name, one in known.items() if one and one.proven))
    try:
        together = _record_padded(model, anatomy, texts, materials)
    except Exception as error:  # a family may fail on two texts at once in its own way
        return f"the model takes one text at a time ({type(error).__name__})"
    for ids, padded in zip(texts, together, strict=True):
        single = run(model, anatomy, ids, materials)
        for name, layers in single.items():
            gap = max(_gap(padded[name][layer], array) for layer, array in layers.items())
            if not gap <= _TOLERANCE:
                return f"padding changes this model's {name} by {gap:.1g} of their largest entry"
    return ""


def _gap(found: Floats, expected: Floats) -> float:
    """The largest difference over the largest entry; infinite where the shapes differ."""
    if found.shape != expected.shape:
        return float("inf")
    largest = float(np.abs(expected).max(initial=0.0)) or 1.0
    return float(np.abs(found - expected).max(initial=0.0)) / largest


def _batches(lengths: Sequence[int], together: bool = True) -> Iterator[list[int]]:
    """Places of rows that are run together: of like lengths, at most _TOKENS with padding.

    >>> list(_batches([2000, 8, 9, 3, 7]))
    [[3], [4, 1, 2], [0]]
    """
    batch: list[int] = []
    for place in sorted(range(len(lengths)), key=lambda place: lengths[place]):
        full = (len(batch) + 1) * lengths[place] > _TOKENS
        if batch and (full or not together or lengths[batch[0]] < _SHORTEST):
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch


def _record_padded(
    model: nn.Module,
    anatomy: Anatomy,
    rows: Sequence[Sequence[int]],
    materials: tuple[str, ...],
) -> list[Materials]:
    taken: list[Materials] = [{name: {} for name in materials} for _ in rows]
    lengths = [len(ids) for ids in rows]

    def take(material: str, layer: int, tensor: Tensor) -> None:
        tensor = tensor.reshape(len(rows), max(lengths), -1)  # some MLPs lay all texts in a row
        for place, length in enumerate(lengths):
            taken[place][material][layer] = numbers(tensor[place, :length])

    with inference_mode(model), recording(model, anatomy, materials, take):
        forward(model, _padded(rows, device_of(model)), logits_to_keep=1)
    return [{name: dict(sorted(layers.items())) for name, layers in one.items()} for one in taken]


def _padded(rows: Sequence[Sequence[int]], device: torch.device) -> Tensor:
    """(B, T) ids; padding repeats the last id, for some families count positions by padding ids."""
    length = max(len(ids) for ids in rows)
    return torch.tensor([[*ids, *[ids[-1]] * (length - len(ids))] for ids in rows], device=device)

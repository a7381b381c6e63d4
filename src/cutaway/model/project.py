"""The logit lens's arithmetic: states in, reduced rows out, never a (layer, position, V) array.

The states of a block of positions at every layer go through the model's own final norm and
unembedding in one product, and each row is reduced at once (cells.py). The reference of a
distance and the final layer's top token are rows of that same product.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from ..core.axes import INPUT_LAYER
from ..core.progress import steps
from ..trace.source import Floats, Ints, Question, Rows
from ..trace.trace import Trace
from .reduce_logits import ReducedRows, Wanted, reduce_logits
from .structure import Anatomy
from .unembed import Unembedding

__all__ = ["project"]

#: Logits reduced at once, which two copies of are kept beside. Measured: from 2 to 16 MiB the same
#: time, 1.3 of the products' alone; 32 and 64 MiB, which leave the processor's cache, 1.4.
GROUP_BYTES = 16 * 2**20


def project(model: torch.nn.Module, anatomy: Anatomy, trace: Trace, question: Question) -> Rows:
    """Unembed the states asked about and reduce each row.

    One block of positions needs all its layers at once: memory is that of the buffer
    (`Unembedding`), or of one position at every layer where that is more.
    """
    stack, wanted = _plan(trace, question)
    targets = _targets(question)
    rows = _blank(question, targets.shape[1])
    with torch.inference_mode():
        head = Unembedding(model, anatomy)
        for where, cells in _fold(head, stack, question.positions, targets, wanted):
            _store(rows, cells, where, len(question.layers))
    return rows


@dataclass(frozen=True)
class _Stack:
    """(T, width) states of each row of a position: the layers asked for, then the references."""

    states: tuple[Floats, ...]

    def at(self, positions: Sequence[int]) -> Floats:
        """(P * R, width) the rows of some positions, position by position."""
        chosen = [state[list(positions)] for state in self.states]
        return np.stack(chosen, axis=1).reshape(-1, chosen[0].shape[-1])


def _plan(trace: Trace, question: Question) -> tuple[_Stack, Wanted]:
    """The states to read and what to keep of their rows; a reference not asked for is added."""
    material = "inside" if question.inside else "states"
    kept = trace.material(material, question.layers)
    states = [kept[layer] for layer in question.layers]
    final = trace.n_layers - 1

    def row_of(layer: int) -> int:
        if not question.inside and layer in question.layers:
            return question.layers.index(layer)
        states.append(trace.material("states", [layer])[layer])
        return len(states) - 1

    top = row_of(final) if isinstance(question.targets, str) else None
    reference = None
    if question.distances:
        against_top = question.against == "final" and top is not None
        layer = final if question.against == "final" else INPUT_LAYER
        reference = top if against_top else row_of(layer)
    wanted = Wanted(question.k, question.entropy, top, question.distances, reference)
    return _Stack(tuple(states)), wanted


def _targets(question: Question) -> Ints:
    """(P, n) the targets of a question; n = 0 where there are none, -1 for "top"."""
    P = len(question.positions)
    if isinstance(question.targets, str):
        return np.full((P, 1), -1, dtype=np.int64)
    return np.empty((P, 0), dtype=np.int64) if question.targets is None else question.targets


def _fold(
    head: Unembedding, stack: _Stack, positions: Sequence[int], targets: Ints, wanted: Wanted
) -> Iterator[tuple[slice, ReducedRows]]:
    """The reduced cells of one group of positions after another."""
    R, V = len(stack.states), head.vocab
    block = max(1, head.rows // R)
    group = min(block, max(1, GROUP_BYTES // (R * V * head.working.itemsize)))
    spare = head.scratch(2, min(group, len(positions)), R, V)
    for start in steps(range(0, len(positions), block), "unembedding"):
        chosen = positions[start : start + block]
        hidden = head.hidden(stack.at(chosen))
        logits = head.logits(hidden).reshape(len(chosen), R, V)
        hidden = hidden.reshape(len(chosen), R, -1)
        for first in range(0, len(chosen), group):
            part = slice(first, min(first + group, len(chosen)))
            where = slice(start + part.start, start + part.stop)
            aimed = torch.from_numpy(targets[where]).to(logits.device)
            room = spare[:, : part.stop - part.start]
            yield where, reduce_logits(logits[part], hidden[part], aimed, wanted, head, room)


def _blank(question: Question, n: int) -> Rows:
    """Rows of the question's shape with nothing defined in them."""
    R, P, k = len(question.layers), len(question.positions), question.k

    def floats(*shape: int) -> Floats:
        return np.full(shape, np.nan, dtype=np.float32)

    return Rows(
        token_id=np.full((R, P, k), -1, dtype=np.int64),
        probability=floats(R, P, k),
        logit=floats(R, P, k),
        target_id=np.full((P, n), -1, dtype=np.int64),
        rank=np.zeros((R, P, n), dtype=np.int64),
        target_logit=floats(R, P, n),
        target_logprob=floats(R, P, n),
        entropy=floats(R, P),
        distances={key: floats(R, P) for key in question.distances},
    )


def _store(rows: Rows, cells: ReducedRows, where: slice, R: int) -> None:
    """Write the cells of some positions, without the rows of added references."""
    rows.target_id[where] = cells.target_id.cpu().numpy()
    for name in ("token_id", "probability", "logit", "rank", "target_logit", "target_logprob"):
        values = getattr(cells, name)[:, :R]
        getattr(rows, name)[:, where] = values.transpose(0, 1).cpu().numpy()
    if cells.entropy is not None:
        rows.entropy[:, where] = cells.entropy[:, :R].T.cpu().numpy()
    for key, values in cells.distances.items():
        rows.distances[key][:, where] = values[:, :R].T.cpu().numpy()

"""Passes over texts and what is kept of them: one text in each, or several where that is proven."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from ..core.progress import working
from ..trace.attention import AttentionCall
from .batch import Materials, padding_refused, record_rows
from .record_attention import run_with_written
from .structure import Anatomy

__all__ = ["Calls", "Recorded", "TextRecorder"]

Calls = dict[int, AttentionCall]
Recorded = tuple[Materials, Calls]


class TextRecorder:
    """Records rows of token ids; whether several may share a pass is proven when it is first asked.

    anatomy  where the model's parts are
    n_ids    how many token ids it has a row for
    """

    def __init__(self, anatomy: Anatomy, n_ids: int) -> None:
        self._anatomy = anatomy
        self._n_ids = n_ids
        self._padding_refused: str | None = None

    def record(
        self,
        conditioned: Sequence[nn.Module],
        rows: Sequence[tuple[int, ...]],
        materials: tuple[str, ...],
    ) -> tuple[list[Recorded], tuple[str, ...]]:
        """What was recorded of each row, and a note where several had to be run one by one.

        conditioned  the model of each row, under what it is given beside the ids
        """
        if "attention" in materials:
            arrays = tuple(name for name in materials if name != "attention")
            pairs = zip(conditioned, rows, strict=True)
            return [self.record_with_calls(model, ids, arrays) for model, ids in pairs], ()
        refused = self._why_apart(conditioned) if len(rows) > 1 else ""
        padded = len(rows) > 1 and not refused
        recorded = record_rows(conditioned, self._anatomy, rows, materials, padded=padded)
        note = (f"run one by one, not in batches: {refused}",) if refused else ()
        return [(arrays, {}) for arrays in recorded], note

    def record_with_calls(
        self, model: nn.Module, ids: tuple[int, ...], materials: tuple[str, ...]
    ) -> Recorded:
        """One text, by itself: its masks and biases are then those of its own length."""
        with working("reading"):
            return run_with_written(model, self._anatomy, ids, materials)

    def _why_apart(self, conditioned: Sequence[nn.Module]) -> str:
        """Why several rows can't share a pass; "" where padding was proven to change nothing."""
        if len(set(conditioned)) > 1:
            return "each has token types of its own"
        if self._padding_refused is None:
            self._padding_refused = padding_refused(conditioned[0], self._anatomy, self._n_ids)
        return self._padding_refused

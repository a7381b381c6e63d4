"""Which position of which block is walked through, and where its steps are written."""

from __future__ import annotations

from dataclasses import dataclass

from ..block_calls import BlockCalls
from .step_log import StepLog

__all__ = ["BlockPosition"]


@dataclass(frozen=True, eq=False)
class BlockPosition:
    """One position in one block.

    log      the steps that are known so far
    watched  the calls of the block on the whole text
    at       the position that is followed
    """

    log: StepLog
    watched: BlockCalls
    at: int

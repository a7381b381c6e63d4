"""Many families at a time: each in one of two processes, with one thread."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context

from .outcome import Outcome, conclude

__all__ = ["crew"]


@contextmanager
def crew(families: Sequence[str]) -> Iterator[dict[str, Future[Outcome]]]:
    """Family -> what will have come of it; all are under way.

    >>> with crew(["llama", "gpt2"]) as found:  # doctest: +SKIP
    ...     found["gpt2"].result().verdict
    'exact'
    """
    os.environ["OMP_NUM_THREADS"] = "1"  # read by the processes' libraries
    pool = ProcessPoolExecutor(min(2, os.cpu_count() or 1), mp_context=get_context("spawn"))
    try:
        yield {family: pool.submit(conclude, family) for family in families}
    finally:
        pool.shutdown(cancel_futures=True)

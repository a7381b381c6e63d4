"""Six factors of 46,080 neurons at 512 tokens take under 60 s, within 2 % of the best error.

Ecco calls scikit-learn's NMF on rows that it has; `ct.factors` reads them first, and sorts, counts
and measures what came. So both are held against it: the whole call, and the solving of rows alone.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from sklearn.decomposition import NMF
from sklearn.exceptions import ConvergenceWarning

import cutaway
from benchmarks.promise import Figure, interleaved, main, ratio
from cutaway.lens.activation_rows import read_activation_rows
from cutaway.lens.factors import factorised, factors
from cutaway.trace.source import Floats
from cutaway.trace.trace import Trace

TEXT = Path(__file__).parents[1] / "ARCHITECTURE.md"
FACTORS = 6


def run(smoke: bool) -> Iterator[Figure]:
    """SmolLM2 on 512 tokens of English (smoke: 24), the first token left out."""
    T, rounds = (24, 1) if smoke else (512, 5)
    lm = cutaway.load()
    ids = lm.read(TEXT.read_text("utf-8")[: 8 * T]).ids[:T]
    trace = lm.trace(list(ids), keep="neurons")
    rows = read_activation_rows(trace, None, None, [0]).rows
    found: dict[str, float] = {}
    runs = {
        "ours": lambda: found.update(ours=ours(trace)),
        "solved": lambda: factorised(rows, FACTORS, 0),
        "ecco": lambda: solved(rows, init="random", max_iter=500),
    }
    times = interleaved(runs, rounds)
    found["ecco"] = error(rows, *solved(rows, init="random", max_iter=500))
    walls = [time.wall for time in times["ours"]]
    yield Figure(
        f"factors of {len(rows):,} rows x {T}", float(np.median(walls)), "s", 60,
        (min(walls), max(walls)),
    )  # fmt: skip
    tight = error(rows, *solved(rows, init="nndsvda", max_iter=200 if smoke else 2000, tol=1e-6))
    yield Figure(
        "reconstruction error to that of the full solver", found["ours"] / tight, "x", 1.02
    )
    for name, what in (("factors", "ours"), ("of it, solving", "solved")):
        called = f"{name}, to NMF as Ecco calls it"
        yield ratio(called, times[what], times["ecco"], clock="processor")
    yield Figure("error to that of NMF as Ecco calls it", found["ours"] / found["ecco"], "x")


def ours(trace: Trace) -> float:
    return float(factors(trace, n=FACTORS, exclude=[0]).attrs["error"])


def solved(rows: Floats, **options: object) -> tuple[Floats, Floats]:
    """Loadings and activations by scikit-learn's NMF with these options."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = NMF(FACTORS, random_state=0, **options)
        return model.fit_transform(rows), model.components_


def error(rows: Floats, loading: Floats, activation: Floats) -> float:
    return float(np.linalg.norm(rows - loading @ activation) / np.linalg.norm(rows))


if __name__ == "__main__":
    sys.exit(main(__doc__ or "", run))

"""Six factors of 46,080 neurons at 512 tokens take under 60 s, within 2 % of the best error."""

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
from cutaway.lens.factors import factors
from cutaway.lens.firing import read_firing
from cutaway.trace.source import Floats
from cutaway.trace.trace import Trace

TEXT = Path(__file__).parents[1] / "ARCHITECTURE.md"
FACTORS = 6


def run(smoke: bool) -> Iterator[Figure]:
    """SmolLM2 on 512 tokens of English (smoke: 24), the first token left out."""
    T, rounds = (24, 1) if smoke else (512, 5)
    lm = cutaway.load()
    ids = lm.read(TEXT.read_text("utf-8")).ids[:T]
    trace = lm.trace(list(ids), keep="neurons")
    rows = read_firing(trace, None, None, [0]).rows
    found: dict[str, float] = {}
    runs = {
        "ours": lambda: found.update(ours=ours(trace)),
        "ecco": lambda: found.update(ecco=plain(rows, init="random", max_iter=500)),
    }
    times = interleaved(runs, rounds)
    walls = [time.wall for time in times["ours"]]
    yield Figure(
        f"factors of {len(rows):,} rows x {T}", float(np.median(walls)), "s", 60,
        (min(walls), max(walls)),
    )  # fmt: skip
    tight = plain(rows, init="nndsvda", max_iter=200 if smoke else 2000, tol=1e-6)
    yield Figure(
        "reconstruction error to that of the full solver", found["ours"] / tight, "x", 1.02
    )
    yield ratio("factors to NMF as Ecco calls it", times["ours"], times["ecco"], clock="processor")
    yield Figure("error to that of NMF as Ecco calls it", found["ours"] / found["ecco"], "x")


def ours(trace: Trace) -> float:
    return float(factors(trace, n=FACTORS, exclude=[0]).attrs["error"])


def plain(rows: Floats, **options: object) -> float:
    """The error of scikit-learn's NMF with these options."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = NMF(FACTORS, random_state=0, **options)
        loading = model.fit_transform(rows)
    return float(np.linalg.norm(rows - loading @ model.components_) / np.linalg.norm(rows))


if __name__ == "__main__":
    sys.exit(main(__doc__ or "", run))

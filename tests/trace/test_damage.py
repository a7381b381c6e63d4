"""A sample of tests/fuzz.py: no damaged file gives other numbers or another error."""

from itertools import chain, islice
from pathlib import Path

from tests.fuzz import damages, outcome, swaps

from .linear import linear_trace


def test_no_damage_goes_unnoticed(tmp_path: Path) -> None:
    trace = linear_trace(keep=["neurons", "lens", "attention"])
    path = tmp_path / "a.trace"
    raw = trace.save(path).read_bytes()
    missed = {}
    other = linear_trace(seed=1, keep=["neurons", "lens", "attention"]).save(tmp_path / "b.trace")
    swapped = swaps(raw, other.read_bytes())
    for what, content in chain(damages(raw, every=151, seed=0), islice(swapped, 0, None, 20)):
        path.write_bytes(content)
        result = outcome(path, trace)
        if result not in ("caught", "same"):
            missed[what] = result
    assert not missed

"""A sample of tests/fuzz.py: no damaged file gives other numbers or another error."""

from pathlib import Path

from tests.fuzz import damages, outcome

from .linear import linear_trace


def test_no_damage_goes_unnoticed(tmp_path: Path) -> None:
    trace = linear_trace(keep=["neurons", "lens", "attention"])
    path = tmp_path / "a.trace"
    raw = trace.save(path).read_bytes()
    missed = {}
    for what, content in damages(raw, every=151, seed=0):
        path.write_bytes(content)
        result = outcome(path, trace)
        if result not in ("caught", "same"):
            missed[what] = result
    assert not missed

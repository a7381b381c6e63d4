"""`import cutaway` is light: names are there at once, their machinery comes when it is used."""

from __future__ import annotations

import subprocess
import sys

HEAVY = {
    "torch", "transformers", "xarray", "pandas", "sklearn", "scipy", "matplotlib", "fastapi",
    "anywidget", "rich", "typer",
}  # fmt: skip


def loaded_after(statement: str) -> set[str]:
    """Top names of the modules a fresh Python holds after a statement."""
    script = f"{statement}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_importing_cutaway_loads_nothing_heavy() -> None:
    assert not loaded_after("import cutaway; dir(cutaway); cutaway.__all__") & HEAVY


def test_the_verbs_load_nothing_heavy_before_they_are_called() -> None:
    assert not loaded_after("from cutaway import load, logit_lens") & {"torch", "transformers"}

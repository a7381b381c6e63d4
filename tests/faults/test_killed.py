"""A process that is killed while it saves leaves the old file or the new one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
#: Every n-th line is killed at; `make fuzz` takes every one.
EVERY = 1 if "CUTAWAY_EXAMPLES" in os.environ else 5


@pytest.mark.slow
def test_a_save_that_is_killed_anywhere_leaves_one_of_both_files() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.killed", str(EVERY)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    assert done.stdout.endswith("0 wrong\n")

"""A disk that is full, or ends, at any byte: every form of saving is whole or refused in words."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
#: How many sizes of each form; `make fuzz` asks for more.
POINTS = max(3, int(os.environ.get("CUTAWAY_EXAMPLES", "60")) // 20)


def starve(folder: Path, how: str) -> str:
    """Every form of saving under a limit, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.starved", str(folder), str(POINTS), how],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def test_no_file_grows_beyond_a_limit(tmp_path: Path) -> None:
    assert "0 wrong" in starve(tmp_path, "limit")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 8 MB; only root may make one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(command, check=False).returncode:
        pytest.skip("a small disk can't be made here: it takes root and mount")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_the_disk_is_full(small_disk: Path) -> None:
    assert "0 wrong" in starve(small_disk, "full")

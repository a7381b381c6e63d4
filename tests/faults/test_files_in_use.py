"""A trace file that is written to, replaced or taken away while it is open: never other numbers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from cutaway.core.errors import FileError
from cutaway.trace.read import read
from tests.same import same
from tests.trace.linear import linear_trace


def test_an_open_file_that_is_written_to_is_refused(tmp_path: Path) -> None:
    path = linear_trace().save(tmp_path / "a.trace")
    opened = read(path)
    first = opened.state(0).copy()
    # As cp and rsync --inplace do: the file stays, its bytes are others.
    other = linear_trace(seed=1).save(tmp_path / "b.trace").read_bytes()
    os.utime(path, ns=(0, 0))
    path.write_bytes(other)
    for layer in (0, 1):  # one that was read and checked before, and one that was not
        with pytest.raises(FileError, match="was written to after it was opened; open it again"):
            opened.state(layer)
    assert same(read(path), linear_trace(seed=1))
    assert not np.array_equal(read(path).state(0), first)


def test_one_that_is_cut_off_does_not_end_the_process(tmp_path: Path) -> None:
    """Bytes that a map holds of a file that has shrunk end Python with SIGBUS, if they are read."""
    path = linear_trace().save(tmp_path / "a.trace")
    code = (
        "import os, sys; from pathlib import Path; from cutaway.trace.read import read\n"
        "from cutaway.core.errors import FileError\n"
        "opened = read(Path(sys.argv[1])); os.truncate(sys.argv[1], 100)\n"
        "try: opened.state(0)\n"
        "except FileError as problem: print(problem)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "was written to after it was opened" in done.stdout


@pytest.mark.parametrize("how", ["replaced", "removed", "moved", "copied beside", "elsewhere"])
def test_one_whose_place_is_taken_is_read_on(
    tmp_path: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = linear_trace().save(tmp_path / "a.trace")
    monkeypatch.chdir(tmp_path)
    opened = read(Path("a.trace"))
    if how == "replaced":
        linear_trace(seed=1).save(path)
    elif how == "removed":
        path.unlink()
    elif how == "moved":
        path.rename(tmp_path / "b.trace")
    elif how == "copied beside":
        shutil.copy(path, tmp_path / "b.trace")
    else:
        monkeypatch.chdir("/")
    assert same(opened, linear_trace())

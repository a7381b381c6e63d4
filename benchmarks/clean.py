"""The demo runs from nothing: a fresh environment, the wheel of this checkout, `cutaway demo`.

The environment is made by `python -m venv`, the wheel built and installed by pip with the pinned
releases of constraints.txt, and the model's cache is empty: what pip has cached stays. Once; the
demo after that five times.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.promise import Figure, main, median

ROOT = Path(__file__).parents[1]
ROUNDS = 5


def run(smoke: bool) -> Iterator[Figure]:
    """Nothing of it in a smoke run: it installs 1 GB."""
    if smoke:
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        python = str(folder / "env" / "bin" / "python")
        pip = [python, "-m", "pip", "install", "-q", "--no-input"]
        yield Figure("environment", _timed([sys.executable, "-m", "venv", folder / "env"]), "s")
        wheel = [python, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(folder), str(ROOT)]
        yield Figure("wheel of this checkout", _timed(wheel), "s")
        (built,) = folder.glob("*.whl")
        installed = _timed([*pip, "-c", ROOT / "constraints.txt", built])
        yield Figure("installed, with what it needs", installed, "s")
        demo: list[str | Path] = [folder / "env" / "bin" / "cutaway", "demo"]
        cache = {**os.environ, "CUTAWAY_CACHE": str(folder / "cache"), "PYTHONPATH": ""}
        where = {"cwd": folder, "env": cache}
        yield Figure("cutaway demo, the model fetched and unpacked", _timed(demo, **where), "s")
        yield median("cutaway demo after that", [_timed(demo, **where) for _ in range(ROUNDS)])


def _timed(command: Sequence[str | Path], **where: object) -> float:
    """Seconds until a command is done; raises where it fails."""
    start = time.perf_counter()
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, **where)  # type: ignore[call-overload]
    if done.returncode:
        raise RuntimeError(done.stderr.strip() or f"{command[0]} failed")
    return time.perf_counter() - start


if __name__ == "__main__":
    sys.exit(main(__doc__, run))

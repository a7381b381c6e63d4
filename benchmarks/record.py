"""What was measured, where and when: a file of figures for each benchmark, kept in git."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

from benchmarks.promise import Figure

__all__ = ["RESULTS", "Record", "committed", "machine", "read", "recent", "worse", "write"]

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
#: Releases that figures depend on.
PACKAGES = ("torch", "transformers", "numpy", "scikit-learn", "captum", "playwright")
#: A figure measured once counts as worse from here on.
_ONCE = 0.05
#: What `--resume` does not measure again.
_RECENT = timedelta(hours=3)


@dataclass(frozen=True)
class Record:
    """One row of a benchmark, measured.

    load  processes that wanted a core just before, over a minute: 0 on a quiet machine
    """

    figures: Sequence[Figure]
    seconds: float
    load: float
    when: str = field(default_factory=lambda: datetime.now().isoformat(timespec="minutes"))
    machine: dict[str, str] = field(default_factory=lambda: machine())

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> Record:
        """As `asdict` wrote it."""
        figures = [
            Figure(**{**one, "spread": tuple(one["spread"]) if one["spread"] else None})
            for one in found["figures"]
        ]
        return cls(**{**found, "figures": figures})


def machine() -> dict[str, str]:
    """This machine and the releases on it."""
    memory = psutil.virtual_memory().total / 1e9
    return {
        "processor": _processor(), "cores": str(os.cpu_count()), "memory": f"{memory:.0f} GB",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(), **{name: version(name) for name in PACKAGES},
    }  # fmt: skip


def read(name: str, folder: Path = RESULTS) -> dict[str, Record]:
    """Row -> what was measured of a benchmark, as the files lie there."""
    path = folder / f"{name}.json"
    return _records(path.read_text("utf-8")) if path.exists() else {}


def committed(name: str) -> dict[str, Record]:
    """Row -> what git has; nothing where there is no git, or no such file in it."""
    path = (RESULTS / f"{name}.json").relative_to(ROOT).as_posix()
    try:
        shown = subprocess.run(
            ["git", "show", f"HEAD:{path}"], cwd=ROOT, capture_output=True, text=True
        )
    except OSError:
        return {}
    return _records(shown.stdout) if shown.returncode == 0 else {}


def write(name: str, row: str, record: Record, folder: Path = RESULTS) -> None:
    """Keep a row; the others of its file stay."""
    rows = {**read(name, folder), row: record}
    folder.mkdir(parents=True, exist_ok=True)
    whole = json.dumps({"rows": {row: asdict(one) for row, one in rows.items()}}, indent=1)
    (folder / f"{name}.json").write_text(whole + "\n", encoding="utf-8")


def recent(record: Record | None) -> bool:
    """Whether it was measured in the last hours, on this machine as it is."""
    if record is None or record.machine != machine():
        return False
    return datetime.now() - datetime.fromisoformat(record.when) < _RECENT


def worse(now: Record, before: Record | None) -> Iterator[str]:
    """The promised figures that are larger than before by more than either's spread, in words."""
    known = {figure.name: figure for figure in before.figures} if before else {}
    for figure in now.figures:
        old = known.get(figure.name)
        if old is None or figure.bound is None:
            continue
        if figure.value - old.value > max(_width(figure), _width(old)):
            yield f"{figure.name}: {old.value:.3g} was committed, now {figure.value:.3g}"


def _width(figure: Figure) -> float:
    if figure.spread is None:
        return abs(figure.value) * _ONCE
    return figure.spread[1] - figure.spread[0]


def _records(text: str) -> dict[str, Record]:
    found = json.loads(text)
    return {row: Record.from_json(one) for row, one in found.get("rows", {}).items()}


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()

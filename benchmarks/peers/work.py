"""The loop of a peer's process: reads a job from a line, does it, answers in a line."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any

from benchmarks.promise import peak_megabytes, timed

__all__ = ["given", "work"]

Job = Callable[..., object]


def given() -> dict[str, Any]:
    """What the process was started with."""
    found: dict[str, Any] = json.loads(sys.argv[1])
    return found


def work(jobs: Mapping[str, Job]) -> None:
    """Answer until nobody asks any more. What a library prints goes to the standard error."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    print("ready", file=answers, flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            answer = {"value": _measured(jobs[asked["job"]], asked)}
        except Exception as problem:
            answer = {"problem": f"{type(problem).__name__}: {problem}"[:300]}
        print(json.dumps(answer), file=answers, flush=True)


def _measured(job: Job, asked: dict[str, Any]) -> object:
    def run() -> object:
        return job(**asked["given"])

    if asked["measure"] == "seconds":
        spent = timed(run)
        return [spent.wall, spent.processor]
    if asked["measure"] == "megabytes":
        return peak_megabytes(run)
    run()
    return None

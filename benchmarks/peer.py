"""What a user would pick instead, each in an environment of its own, asked from here.

    with at_work("nnsight", model=folder) as peer:
        peer.seconds("trace", ids=[1, 2, 3])

An environment is made once, in the user's cache folder, with the torch that is installed here: it
costs minutes and a gigabyte the first time and nothing after that.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

from platformdirs import user_cache_path

from benchmarks.promise import Seconds

__all__ = ["PEERS", "Peer", "at_work", "environment"]

ROOT = Path(__file__).parents[1]
#: Package -> what is installed for it. The rest is what it asks for itself.
PEERS = {
    "transformer-lens": ["transformer-lens==4.3.0"],
    "nnsight": ["nnsight==0.8.1"],
    "inseq": ["inseq==0.7.1"],
    "tuned-lens": ["tuned-lens==0.2.0"],
    "circuitsvis": ["circuitsvis==1.43.3"],
    "bertviz": ["bertviz==1.4.1"],
}


class PeerError(Exception):
    """What went wrong in a peer's process."""


@dataclass(frozen=True)
class Peer:
    """A peer at work in a process of its own: benchmarks/peers/NAME.py says what it can do."""

    process: subprocess.Popen[str]

    def ask(self, job: str, measure: str = "seconds", **given: object) -> Any:
        """Have a job done; raises PeerError with its last words where it fails.

        measure  "seconds", "megabytes" or "nothing"
        """
        into, out = _ends(self.process)
        into.write(json.dumps({"job": job, "measure": measure, "given": given}) + "\n")
        into.flush()
        line = out.readline()
        if not line:
            raise PeerError("its process ended")
        answer = json.loads(line)
        if "problem" in answer:
            raise PeerError(answer["problem"])
        return answer["value"]

    def seconds(self, job: str, **given: object) -> Seconds:
        """How long a job takes there."""
        return Seconds(*self.ask(job, "seconds", **given))

    def megabytes(self, job: str, **given: object) -> float:
        """The most memory that a job takes above what the process held."""
        return float(self.ask(job, "megabytes", **given))


@contextmanager
def at_work(package: str, **given: object) -> Iterator[Peer | None]:
    """A peer with its model loaded; None, with a word why, where it can't be had."""
    python = environment(package)
    if python is None:
        yield None
        return
    name = f"benchmarks.peers.{package.replace('-', '_')}"
    with tempfile.TemporaryFile("w+", encoding="utf-8") as said:
        process = subprocess.Popen(
            [python, "-m", name, json.dumps(given)], cwd=ROOT, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said,
        )  # fmt: skip
        try:
            if _ends(process)[1].readline():
                yield Peer(process)
            else:
                said.seek(0)
                words = said.read().strip().splitlines() or ["it said nothing"]
                print(f"  {package} does not begin, left out: {words[-1]}", flush=True)
                yield None
        finally:
            process.kill()
            process.wait()
            for end in _ends(process):
                end.close()


def environment(package: str) -> str | None:
    """The Python of a package's environment, made if it is not there; None if it can't be."""
    folder = user_cache_path("cutaway-bench", appauthor=False) / PEERS[package][0]
    python = folder / "bin" / "python"
    done = folder / "installed"
    if not done.exists():
        print(f"  {package} is being installed into {folder}", flush=True)
        pip = [str(python), "-m", "pip", "install", "-q", "--no-input"]
        with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as same:
            print(f"torch=={version('torch').partition('+')[0]}", file=same, flush=True)
            why = _failed([sys.executable, "-m", "venv", str(folder)]) or _failed(
                [*pip, "-c", same.name, *PEERS[package]]
            )
        if why:
            print(f"  {package} could not be installed, left out: {why}", flush=True)
            return None
        done.touch()
    return str(python)


def _failed(command: list[str]) -> str:
    """Run a command; the last line of what it said where it failed, else ""."""
    done = subprocess.run(command, capture_output=True, text=True)
    return "" if done.returncode == 0 else (done.stderr.strip().splitlines() or ["unknown"])[-1]


def _ends(process: subprocess.Popen[str]) -> tuple[IO[str], IO[str]]:
    assert process.stdin is not None
    assert process.stdout is not None
    return process.stdin, process.stdout

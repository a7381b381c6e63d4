"""A `cutaway serve` of its own, with a tiny random model, that can be stopped and started again."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.models import tiny

#: Seconds until it must have said its address, and until it must have ended.
_PATIENCE = 120
_SOURCE = Path(__file__).parents[2] / "src"
_CODE = "from cutaway.app.cli import main; main()"


def saved_model(folder: Path) -> Path:
    """A tiny random Llama with its tokenizer, as a folder that can be loaded; it has much room."""
    model, tokenizer = tiny("llama", max_position_embeddings=20_000)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


class Served:
    """The server as a process; `url` is the address that it printed."""

    def __init__(self, model: Path, runs: Path) -> None:
        self.model, self.runs = model, runs
        self.port = _free_port()
        self.start()

    def start(self) -> None:
        """Start it, on the same port each time, and wait until it has said its address."""
        arguments = ["serve", "--model", self.model, "--runs", self.runs, "--port", self.port]
        environment = {
            **os.environ, "PYTHONPATH": str(_SOURCE), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1",
        }  # fmt: skip
        self._process = subprocess.Popen(
            [sys.executable, "-c", _CODE, *map(str, arguments)],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        if not re.fullmatch(r"http://127\.0\.0\.1:\d+/\?token=\S+", self.url):
            pytest.fail(f"no address but {self.url!r}; {self.stop()}")

    def stop(self) -> str:
        """End it as Ctrl-C or a service manager would; what it said on stderr."""
        self._process.send_signal(signal.SIGTERM)
        _, said = self._process.communicate(timeout=_PATIENCE)
        return said

    @property
    def origin(self) -> str:
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])

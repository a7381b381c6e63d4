"""`cutaway serve` as a process: its first line, its signals, and being killed at any moment."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

import cutaway as ct
from tests.models import tiny

from .starting import events

pytestmark = pytest.mark.slow
START = "from cutaway.app.cli import main; main()"


@dataclass(frozen=True)
class Process:
    """A running `cutaway serve`, and a client that may enter."""

    process: subprocess.Popen[str]
    url: str
    client: httpx.Client

    def post(self, **wanted: Any) -> httpx.Response:
        """Post a prompt."""
        return self.client.post("/api/runs", json={"text": "The keys to the", **wanted})


@contextmanager
def serving(folder: Path, *arguments: str) -> Iterator[Process]:
    """The command, started; killed at the end if it has not ended."""
    process = subprocess.Popen(
        [sys.executable, "-c", START, "serve", "--runs", str(folder), *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    with process.stdout, process.stderr:
        try:
            url = process.stdout.readline().strip()
            with httpx.Client(base_url=url.partition("?")[0], timeout=60) as client:
                yield Process(process, url, client)
        finally:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model that says no end token soon, in a folder."""
    folder = tmp_path_factory.mktemp("model")
    model, tokenizer = tiny("llama", seed=1, max_position_embeddings=4096)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def test_it_prints_its_address_and_leaves_in_order(model_folder: Path, tmp_path: Path) -> None:
    """One line, before the model is there; SIGTERM: what is done is kept, the rest is marked."""
    with serving(tmp_path, "--model", str(model_folder)) as made:
        assert made.client.get(made.url).status_code == 303
        (model,) = made.client.get("/api/state").json()["models"]
        assert model["state"] in ("waiting", "loading")
        done = made.post(max_new_tokens=3, keep=True).json()["job"]
        long = made.post(max_new_tokens=4000).json()["job"]
        with made.client.stream("GET", f"/api/jobs/{long}/events") as answer:
            heard = events(answer)
            assert next(data for name, _, data in heard if name == "token")
            made.process.send_signal(signal.SIGTERM)
            begun = time.monotonic()
            refused = httpx.post(
                f"{made.client.base_url}api/runs", json={"text": "a"}, cookies=made.client.cookies
            )
            *_, (name, _, last) = heard
        assert (name, last["state"], last["run"]) == ("end", "interrupted", None)
        assert (refused.status_code, "retry-after" in refused.headers) == (503, True)
        assert made.process.wait(20) == 0
        assert time.monotonic() - begun < 15
        assert made.process.stdout is not None
        assert made.process.stderr is not None
        assert (made.process.stdout.read(), made.process.stderr.read()) == ("", "")
    assert done
    (run,) = ct.runs(tmp_path).list()
    assert (run.produced, run.model) == (3, str(model_folder))
    assert not (tmp_path / "serve.log").exists()


def test_a_second_signal_ends_it_at_once(model_folder: Path, tmp_path: Path) -> None:
    with serving(tmp_path, "--model", str(model_folder)) as made:
        assert made.client.get(made.url).status_code == 303
        long = made.post(max_new_tokens=4000).json()["job"]
        with made.client.stream("GET", f"/api/jobs/{long}/events") as answer:
            next(data for name, _, data in events(answer) if name == "token")
            begun = time.monotonic()
            made.process.send_signal(signal.SIGINT)
            time.sleep(0.3)
            made.process.send_signal(signal.SIGINT)
            assert made.process.wait(10) == 0
        assert time.monotonic() - begun < 4


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--host", "0.0.0.0"], "give a password"),
        (["--host", "8.8.8.8", "--trust-network"], "invalid host"),
        (["--models", "/nowhere"], "invalid folder of models '/nowhere'"),
        (["--budget", "-1"], "invalid budget -1"),
        (["--password", "short", "--host", "0.0.0.0"], "at least 8 characters"),
    ],
)
def test_what_can_not_be_served_is_said_in_words(
    tmp_path: Path, arguments: list[str], words: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", START, "serve", "--runs", str(tmp_path), *arguments],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_taken_port_is_said_in_words(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [sys.executable, "-c", START, "serve", "--runs", str(tmp_path), "--port", port],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert done.returncode == 2
    assert f"invalid port {port}" in done.stderr


def test_a_server_that_is_killed_loses_no_finished_run(model_folder: Path, tmp_path: Path) -> None:
    for seed in range(int(os.environ.get("CUTAWAY_KILLS", "3"))):
        finished = killed(model_folder, tmp_path, seed)
        store = ct.runs(tmp_path)
        assert not store.passed_over
        ids = {run.id for run in store.list()}
        assert finished <= ids, "a finished run is lost"
        for run_id in ids:
            assert store.open(run_id).n_positions  # whole: its header and tokens are checked
            store.export(run_id, tmp_path / "whole.out")  # every byte is


def killed(model_folder: Path, folder: Path, seed: int) -> set[str]:
    """Three clients make runs until the server is killed; the runs that it said were done."""
    finished: set[str] = set()
    with serving(folder, "--model", str(model_folder)) as made:
        assert made.client.get(made.url).status_code == 303

        def work(client: int) -> None:
            with suppress(httpx.TransportError):
                for number in range(10_000):
                    text = f"{seed}, {client}, {number}"
                    wanted = {"max_new_tokens": 2, "name": text, "tags": ["x"], "text": text}
                    job = made.client.post("/api/runs", json=wanted).json()["job"]
                    while True:
                        found = made.client.get(f"/api/jobs/{job}").json()
                        if found["run"]:
                            finished.add(found["run"])
                            break

        clients = [threading.Thread(target=work, args=(number,)) for number in range(3)]
        for client in clients:
            client.start()
        while len(finished) < 3:
            time.sleep(0.05)
        time.sleep(random.Random(seed).random())
        made.process.kill()
        for client in clients:
            client.join()
    return finished

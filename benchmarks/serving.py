"""Fifty clients at once against the embedded model: all answered or told to wait, memory bounded.

Each client posts a prompt, listens to its tokens, opens a picture of the run, and begins again.
A server that has no room says so with 429 and Retry-After, and the client waits as long.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from benchmarks.promise import Figure, main

START = "from cutaway.app.cli import main; main()"
PICTURES = ("logit_lens?k=3", "saliency", "attention")
#: Fewer clients than fit would leave the queue of 32 never full.
CLIENTS, SECONDS = 50, 60
SMOKE_CLIENTS, SMOKE_SECONDS = 10, 5
#: Megabytes that the server may grow over what it holds after its first run.
GROWTH = 1500
#: The share of one core that it may use when all work was cancelled.
IDLE = 0.1


@dataclass(frozen=True)
class Answers:
    """What the clients were answered."""

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    without_retry_after: list[int] = field(default_factory=list)  # 429 without Retry-After

    def record(self, answer: httpx.Response) -> bool:
        """Note an answer; whether it was given, and not put off."""
        self.statuses[answer.status_code] += 1
        if answer.status_code != 429:
            return answer.is_success
        if not answer.headers.get("retry-after", "").isdecimal():
            self.without_retry_after.append(answer.status_code)
        return False


def run(smoke: bool) -> Iterator[Figure]:
    """A server in a process of its own; its clients are threads of this one."""
    count, seconds = (SMOKE_CLIENTS, SMOKE_SECONDS) if smoke else (CLIENTS, SECONDS)
    with serving() as (server, client, _url):
        Client(client, Answers(), time.monotonic() + 600).complete_run("The capital of France is")
        before, answers, peak = server.memory_info().rss, Answers(), [0.0]
        end = time.monotonic() + seconds
        clients = [Client(client, answers, end) for _ in range(count)]
        threads = [
            threading.Thread(target=each.work, args=(number,))
            for number, each in enumerate(clients)
        ]
        threads.append(threading.Thread(target=_watch, args=(server, end, peak)))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        yield from _figures(answers, count, seconds)
        yield Figure("server's memory, most over the start", (peak[0] - before) / 1e6, "MB", GROWTH)
        yield Figure("processor after all was cancelled", _idle(server, client), "cores", IDLE)


def _figures(answers: Answers, count: int, seconds: int) -> Iterator[Figure]:
    said = answers.statuses
    wrong = sum(number for status, number in said.items() if status not in (200, 202, 429))
    yield Figure("clients", count, "")
    yield Figure("seconds", seconds, "s")
    yield Figure("prompts answered", len(answers.seconds), "")
    yield Figure("other requests answered", said.total() - said[429] - len(answers.seconds), "")
    yield Figure("told to wait (429)", said[429], "")
    yield Figure("429 without Retry-After", len(answers.without_retry_after), "", 0)
    yield Figure("any other answer", wrong, "", 0)
    if answers.seconds:
        middle = statistics.median(answers.seconds)
        yield Figure(
            "prompt to its end", middle, "s", None, (min(answers.seconds), max(answers.seconds))
        )


@contextmanager
def serving() -> Iterator[tuple[psutil.Process, httpx.Client, str]]:
    """`cutaway serve` with the embedded model loaded, a client with the cookie, its address."""
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [sys.executable, "-c", START, "serve", "--runs", str(Path(folder) / "runs")],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert process.stdout is not None
        try:
            url = process.stdout.readline().strip()
            limits = httpx.Limits(max_connections=None)
            with httpx.Client(base_url=url.partition("?")[0], timeout=600, limits=limits) as client:
                client.get(url)
                while client.get("/api/state").json()["models"][0]["state"] != "ready":
                    time.sleep(0.2)
                yield psutil.Process(process.pid), client, url
        finally:
            process.terminate()
            process.wait(30)


@dataclass(frozen=True)
class Client:
    """One client until `end`; then it goes away in the middle of what it waits for."""

    client: httpx.Client
    answers: Answers
    end: float

    def work(self, number: int) -> None:
        """Post one prompt after another."""
        for turn in range(10_000):
            if time.monotonic() > self.end:
                return
            self.complete_run(f"Client {number} says for the {turn}th time that")

    def complete_run(self, text: str) -> None:
        """A prompt, its tokens as they come, then a picture of the run."""
        begun = time.monotonic()
        posted = self.ask("POST", "/api/runs", {"text": text, "max_new_tokens": 8})
        done = posted and self.listen(posted.json()["job"])
        if done:
            self.answers.seconds.append(time.monotonic() - begun)
            picture = PICTURES[len(self.answers.seconds) % len(PICTURES)]
            self.ask("GET", f"/api/runs/{done['run']}/views/{picture}")

    def listen(self, job: str) -> dict[str, str] | None:
        """The job when it is done; None where time is over before."""
        with self.client.stream("GET", f"/api/jobs/{job}/events") as answer:
            for line in answer.iter_lines():
                if line.startswith("data: ") and '"state": "done"' in line:
                    found: dict[str, str] = json.loads(line.removeprefix("data: "))
                    return found
                if time.monotonic() > self.end:
                    return None
        raise AssertionError(f"a job that was not cancelled ended otherwise: {line}")

    def ask(self, method: str, path: str, body: object = None) -> httpx.Response | None:
        """Ask until there is room, as long apart as the server says; None where time is over."""
        while (left := self.end - time.monotonic()) > 0:
            try:
                answer = self.client.request(method, path, json=body, timeout=left)
            except httpx.TimeoutException:
                return None
            if self.answers.record(answer):
                return answer
            if answer.status_code != 429:
                return None
            time.sleep(min(float(answer.headers.get("retry-after", 1)), max(left, 0)))
        return None


def _watch(server: psutil.Process, end: float, peak: list[float]) -> None:
    while time.monotonic() < end:
        time.sleep(0.2)
        peak[0] = max(peak[0], server.memory_info().rss)


def _idle(server: psutil.Process, client: httpx.Client) -> float:
    """Cores in use after twenty long jobs were begun and cancelled.

    Before, what the clients have left behind them must end by itself.
    """
    while (state := client.get("/api/state").json()["models"][0])["busy"] or state["queue"]:
        time.sleep(0.2)
    wanted = {"text": "Once upon a time", "max_new_tokens": 2000}
    jobs = [client.post("/api/runs", json=wanted).json()["job"] for _ in range(20)]
    while not client.get(f"/api/jobs/{jobs[0]}").json()["done"]:
        time.sleep(0.1)
    for job in jobs:
        client.delete(f"/api/jobs/{job}")
    time.sleep(2)
    before = sum(server.cpu_times()[:2])
    time.sleep(3)
    return float(sum(server.cpu_times()[:2]) - before) / 3


if __name__ == "__main__":
    sys.exit(main(__doc__, run))

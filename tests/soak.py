"""Leaves a server under mixed requests and looks whether it grows: `make soak`.

    python -m tests.soak --minutes 30

Three clients make runs, look at them through every lens, ask pictures, compare, explore, search,
rename, upload, download, delete, go away in the middle and ask what is wrong. Memory (what the
process holds for itself, RssAnon), handles and threads are read every five seconds. It fails
where an answer was 500, a fault was logged, or the last fifth of the time holds a tenth more
memory, or more handles, than the second fifth.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import httpx

from tests.app.server.test_process import Process, serving

__all__ = ["Client", "Level", "level", "soak"]

WORDS = "the key to every cabinet is on a table , and Paris was 1 2 3 5 8 red naïve 漢 😀"
#: Lens -> arguments that are asked for.
LENSES = (
    "logit_lens?k=3", "logit_lens?inside=true&distances=js", "predictions?at=-1", "saliency",
    "saliency?method=occlusion&targets=3", "attention", "attention_neuron?layer=3&head=1",
    "neurons?layers=3", "clusters?n=3", "factors?n=3", "walk?layer=2", "anatomy", "deletion",
    "watch?tokens=+is&tokens=+are", "report?lenses=lens&lenses=race",
)  # fmt: skip
WRONG = (
    ("GET", "/api/runs/ffffffff", None), ("GET", "/api/jobs/0000000000000000", None),
    ("POST", "/api/runs", {"text": ""}), ("POST", "/api/runs", {"text": "a", "top_p": 7}),
    ("GET", "/api/explore?text=a&model=none", None), ("DELETE", "/api/runs/ab", None),
    ("GET", "/api/runs?limit=-1", None), ("PUT", "/api/runs", {"no": "trace"}),
)  # fmt: skip
_MOST_RUNS = 30


@dataclass(frozen=True)
class Level:
    """What a process holds: bytes of its own, handles, threads."""

    anon: int
    handles: int
    threads: int


def level(pid: int) -> Level:
    """As the system tells it now."""
    status = dict(
        line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines()
    )
    handles = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    return Level(int(status["RssAnon"].split()[0]) * 1024, handles, int(status["Threads"]))


@dataclass(frozen=True)
class Client:
    """One that asks until it is told to stop; counts what it is answered."""

    made: Process
    draw: random.Random
    over: threading.Event
    answers: Counter[str] = field(default_factory=Counter)

    def work(self) -> None:
        """Ask at random."""
        asks = [self.run] * 3 + [self.look] * 6 + [self.pair, self.explore, self.leave, self.wrong]
        asks += [self.change, self.file, self.page, self.cancel]
        with httpx.Client(base_url=self.made.client.base_url, timeout=300) as client:
            client.cookies = self.made.client.cookies
            while not self.over.is_set():
                ask = self.draw.choice(asks)
                try:
                    ask(client)
                except httpx.HTTPError as problem:
                    self.answers[f"{ask.__name__} {type(problem).__name__}"] += 1

    def say(self, client: httpx.Client, method: str, path: str, **how: Any) -> httpx.Response:
        """Ask, and count the answer."""
        answer = client.request(method, path, **how)
        kind = path.partition("?")[0].split("/")[2] if path.startswith("/api") else "page"
        self.answers[f"{method} {kind} {answer.status_code}"] += 1
        return answer

    def text(self) -> str:
        return " ".join(self.draw.choices(WORDS.split(), k=self.draw.randrange(1, 60)))

    def known(self, client: httpx.Client) -> list[str]:
        return [run["id"] for run in self.say(client, "GET", "/api/runs?limit=1000").json()["runs"]]

    def run(self, client: httpx.Client) -> None:
        wanted: dict[str, Any] = {"text": self.text(), "name": self.text()[:100], "tags": ["soak"]}
        wanted["max_new_tokens"] = self.draw.randrange(1, 12)
        if self.draw.random() < 0.5:
            wanted |= {"temperature": 1.0, "seed": self.draw.randrange(99)}
        answer = self.say(client, "POST", "/api/runs", json=wanted)
        if answer.status_code != 202:
            return
        while not self.over.is_set():
            job = self.say(client, "GET", f"/api/jobs/{answer.json()['job']}").json()
            if job["state"] not in ("queued", "running"):
                break
            time.sleep(0.1)
        ids = self.known(client)
        for each in ids[_MOST_RUNS:]:
            self.say(client, "DELETE", f"/api/runs/{each}")

    def cancel(self, client: httpx.Client) -> None:
        wanted = {"text": self.text(), "max_new_tokens": 200}
        answer = self.say(client, "POST", "/api/runs", json=wanted)
        if answer.status_code == 202:
            time.sleep(self.draw.random())
            self.say(client, "DELETE", f"/api/jobs/{answer.json()['job']}")

    def look(self, client: httpx.Client) -> None:
        for each in self.draw.sample(ids := self.known(client), min(1, len(ids))):
            self.say(client, "GET", f"/api/runs/{each}/views/{self.draw.choice(LENSES)}")

    def page(self, client: httpx.Client) -> None:
        for each in self.draw.sample(ids := self.known(client), min(1, len(ids))):
            self.say(client, "GET", f"/api/runs/{each}/page/{self.draw.choice(LENSES)}")

    def leave(self, client: httpx.Client) -> None:
        """Go away before the answer has come."""
        for each in self.draw.sample(ids := self.known(client), min(1, len(ids))):
            with suppress(httpx.TimeoutException):
                path = f"/api/runs/{each}/views/{self.draw.choice(LENSES)}"
                self.say(client, "GET", path, timeout=self.draw.uniform(0.01, 0.5))

    def pair(self, client: httpx.Client) -> None:
        ids = self.known(client)
        if len(ids) > 1:
            a, b = self.draw.sample(ids, 2)
            lens = self.draw.choice(("logit_lens", "predictions", "attention", "neurons"))
            self.say(client, "GET", f"/api/compare?a={a}&b={b}&lens={lens}")

    def explore(self, client: httpx.Client) -> None:
        where = {"text": self.text(), "session": str(self.draw.randrange(4))}
        if self.say(client, "GET", "/api/explore", params=where).status_code == 200:
            question = {"what": "sample", "node": 0, "n": 2, "temperature": 1.0, "top_k": 5,
                        "top_p": None, "seed": 1}  # fmt: skip
            self.say(client, "POST", "/api/explore/ask", params=where, json=question)

    def change(self, client: httpx.Client) -> None:
        for each in self.draw.sample(ids := self.known(client), min(1, len(ids))):
            self.say(client, "PATCH", f"/api/runs/{each}", json={"name": self.text()[:100]})
        self.say(client, "GET", "/api/runs", params={"search": self.draw.choice(WORDS.split())})

    def file(self, client: httpx.Client) -> None:
        for each in self.draw.sample(ids := self.known(client), min(1, len(ids))):
            got = self.say(client, "GET", f"/api/runs/{each}/trace")
            if got.status_code == 200:
                self.say(client, "PUT", "/api/runs?name=again", content=got.content)

    def wrong(self, client: httpx.Client) -> None:
        method, path, body = self.draw.choice(WRONG)
        self.say(client, method, path, json=body)
        stranger = httpx.request(method, f"{client.base_url}".rstrip("/") + path)
        self.answers[f"stranger {stranger.status_code}"] += 1


def soak(minutes: float, clients: int, seed: int) -> tuple[list[Level], Counter[str], bool]:
    """What the server held every five seconds, what it answered, and whether it logged a fault."""
    levels: list[Level] = []
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder)) as made:
        assert made.client.get(made.url).status_code == 303
        over, end = threading.Event(), time.monotonic() + 60 * minutes
        asking = [Client(made, random.Random(seed + n), over) for n in range(clients)]
        threads = [threading.Thread(target=client.work) for client in asking]
        for thread in threads:
            thread.start()
        while time.monotonic() < end and made.process.poll() is None:
            time.sleep(5)
            levels.append(level(made.process.pid))
            if len(levels) % 12 == 0:
                now, count = levels[-1], sum(client.answers.total() for client in asking)
                print(f"{len(levels) // 12:>4} min  {now.anon / 1e6:,.0f} MB, {now.handles} handles"
                      f", {now.threads} threads, {count:,} answers", flush=True)  # fmt: skip
        over.set()
        for thread in threads:
            thread.join()
        answers = sum((client.answers for client in asking), Counter())
        return levels, answers, (Path(folder) / "serve.log").exists()


def main() -> int:
    """0 where it did not grow and answered everything."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--minutes", type=float, default=30)
    options.add_argument("--clients", type=int, default=3)
    options.add_argument("--seed", type=int, default=0)
    given = options.parse_args()
    levels, answers, logged = soak(given.minutes, given.clients, given.seed)
    fifth = max(1, len(levels) // 5)
    early, late = levels[fifth : 2 * fifth] or levels, levels[-fifth:]
    figures = [
        (name, *(median(getattr(one, name) for one in some) for some in (early, late)))
        for name in ("anon", "handles", "threads")
    ]
    for name, before, after in figures:
        print(f"{name}: {before:,.0f} in the second fifth of the time, {after:,.0f} in the last")
    print(f"{answers.total():,} answers: {dict(sorted(answers.items()))}; fault logged: {logged}")
    grown = [name for name, before, after in figures if after > 1.1 * before + 2]
    failed = [what for what in answers if what.split()[-1].startswith("5") and "503" not in what]
    print("grown:", grown or "nothing", "· failed:", failed or "nothing")
    return int(bool(grown or failed or logged))


if __name__ == "__main__":
    sys.exit(main())

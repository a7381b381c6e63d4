"""The API of `cutaway serve` without a model: what the app's screens are looked at with."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, Route

from cutaway.app.server.shell import SHELL, app_path
from cutaway.render.packet import packet

from .pages import lens_spec

ORIGIN = "http://127.0.0.1:8123"
HOSTILE = "<script>document.title = 'taken'</script><img src=x onerror=alert(1)>"
#: An answer that does not come.
SILENCE = object()
Answer = Callable[[Mapping[str, list[str]]], Any]


def run(number: int, **given: Any) -> dict[str, Any]:
    """A run of the store as the API tells it; the same number is the same run."""
    return {
        "id": f"{number:020x}", "name": "", "tags": [], "created": "2026-11-22T07:33:00+00:00",
        "model": "HuggingFaceTB/SmolLM2-135M-Instruct", "text": f"The capital of land {number} is",
        "n_tokens": 14, "produced": 8, "kept": ["states"], "bytes": 1_234_567,
    } | given  # fmt: skip


def model(key: str, state: str = "ready", **given: Any) -> dict[str, Any]:
    return {
        "key": key, "name": f"org/{key}", "state": state, "problem": "", "bytes": 538_000_000,
        "queue": 0, "busy": False, "what": "", "done": 0, "total": 0,
        "revision": None, "dtype": None, "capabilities": {},
    } | given  # fmt: skip


STATE = {
    "version": "0.1", "budget": 4_000_000_000, "used": 538_000_000, "default_model": "smol",
    "models": [model("smol"), model("gpt2", "loading", bytes=0)], "offered": ["mine"],
}  # fmt: skip


class FakeServer:
    """Answers by `answers`: "GET /api/state" -> a value, or a function of the query.

    A value is sent as JSON, bytes as they are, a (status, value) as a refusal, SILENCE never.
    """

    def __init__(self, runs: int = 3) -> None:
        self.runs = [run(number) for number in range(runs)]
        self.asked: list[tuple[str, str, str]] = []
        self.gone = False
        self.answers: dict[str, Any] = {"GET /api/state": STATE, "GET /api/runs": self.listed}

    def listed(self, query: Mapping[str, list[str]]) -> Any:
        """The part of the list that is asked for."""
        word, tag = query.get("search", [""])[0], query.get("tag", [""])[0]
        found = [
            each for each in self.runs
            if word in each["name"] + each["text"] and (not tag or tag in each["tags"])
        ]  # fmt: skip
        begin, count = int(query.get("offset", ["0"])[0]), int(query.get("limit", ["50"])[0])
        return {"total": len(found), "runs": found[begin : begin + count]}

    def serve(self, page: Page, path: str = "/") -> Page:
        """Answer everything that the page asks, and open a path."""
        page.route(f"{ORIGIN}/**", self._answer)
        page.goto(ORIGIN + path)
        return page

    def _answer(self, route: Route) -> None:
        request = route.request
        path, query = urlsplit(request.url).path, parse_qs(urlsplit(request.url).query)
        self.asked.append((request.method, path, request.post_data or ""))
        if path == "/assets/app.js":
            route.fulfill(path=app_path(), content_type="text/javascript")
        elif not path.startswith("/api/"):
            route.fulfill(body=SHELL, content_type="text/html")
        elif self.gone:
            route.abort("connectionrefused")
        else:
            self._fulfil(route, self._found(f"{request.method} {path}", query))

    def _found(self, asked: str, query: Mapping[str, list[str]]) -> Any:
        if asked.startswith("GET /api/runs/") and asked.count("/") == 3:
            wanted = asked.rpartition("/")[2]
            found = [each for each in self.runs if each["id"] == wanted]
            return found[0] if found else (404, {"problem": f"there is no run {wanted}"})
        if asked.startswith("GET /api/runs/") and asked.endswith("/views/logit_lens"):
            return packet(lens_spec(12))
        answer = self.answers.get(asked, (404, {"problem": f"nothing answers {asked}"}))
        return answer(query) if callable(answer) else answer

    @staticmethod
    def _fulfil(route: Route, answer: Any) -> None:
        if answer is SILENCE:
            return
        status, value, *more = answer if isinstance(answer, tuple) else (200, answer)
        headers: dict[str, str] = more[0] if more else {}
        if isinstance(value, bytes):
            kind = "text/event-stream" if value.startswith(b"event: ") else None
            route.fulfill(status=status, body=value, content_type=kind, headers=headers)
        else:
            body = json.dumps(value)
            route.fulfill(
                status=status, body=body, content_type="application/json", headers=headers
            )

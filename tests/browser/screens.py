"""The app before an API made by hand: what its tests have in common."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from .fakeserver import HOSTILE, FakeServer, run

Open = Callable[..., Page]
RUN = run(0)["id"]
#: The screens by what they are called here: path -> what must be there before it is looked at.
SCREENS = {
    "/": ".app-latest a",
    "/?job=ab": "[data-drawn=logit_lens]",
    "/runs": ".app-run",
    f"/runs/{RUN}/logit_lens": "[data-drawn=logit_lens]",
    f"/runs/{RUN}/watch": ".app-options[open]",
    "/runs/ffff": ".problem a",
    "/explore": ".app-empty",
    "/compare": ".app-latest button",
    "/models": ".app-memory progress",
    "/elsewhere": ".app-empty a",
}  # fmt: skip


def job(n_tokens: int = 3, **given: Any) -> dict[str, Any]:
    tokens = [
        {"position": 5 + i, "id": i, "text": "x", "label": HOSTILE if i == 1 else f"·t{i}",
         "probability": None if i == 2 else 0.5}
        for i in range(n_tokens)
    ]  # fmt: skip
    return {
        "id": "ab", "kind": "run", "state": "done", "place": 0, "done": n_tokens,
        "total": n_tokens, "what": "", "tokens": tokens, "run": RUN, "problem": "",
    } | given  # fmt: skip


def events(*told: tuple[str, Any]) -> bytes:
    return "".join(f"event: {name}\ndata: {json.dumps(data)}\n\n" for name, data in told).encode()


@pytest.fixture
def server() -> FakeServer:
    server = FakeServer(3)
    server.runs[0] |= {"name": f"mine {HOSTILE}", "tags": [HOSTILE, "t" * 200, "paris"]}
    server.answers["GET /api/jobs/ab"] = job()
    return server


@pytest.fixture
def open_app(browser: Browser, server: FakeServer) -> Iterator[Open]:
    """`open_app(path)`: the app at a path; it may say nothing on the console by itself."""
    contexts: list[BrowserContext] = []
    said: list[str] = []

    def opened(path: str = "/", *, dark: bool = False, width: int = 1280) -> Page:
        context = browser.new_context(
            color_scheme="dark" if dark else "light", viewport={"width": width, "height": 900}
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
        server.serve(page, path)
        expect(page.locator(".app[data-ready]")).to_be_visible()
        return page

    yield opened
    for context in contexts:
        context.close()
    assert [words for words in said if not words.startswith("Failed to load resource")] == []

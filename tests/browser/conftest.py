"""A real browser, offline: a page that says anything on the console or asks for anything fails."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from .screens import open_app, server  # noqa: F401 - fixtures of the app's screens

_FOLDER = Path(__file__).parent
_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
#: Milliseconds until an expectation that still does not hold has failed; the machine may be busy.
_PATIENCE = 20_000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(_FOLDER):
            item.add_marker(pytest.mark.slow)


# For this folder only: while Playwright runs, its event loop would be in the way of others.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium: where CUTAWAY_CHROMIUM says, or the one on the PATH."""
    chromium = os.environ.get("CUTAWAY_CHROMIUM") or shutil.which("chromium")
    if not chromium:
        pytest.fail("no chromium on the PATH: install it, or set CUTAWAY_CHROMIUM to its path")
    expect.set_options(timeout=_PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=_FLAGS)
        yield browser
        browser.close()


def ready(page: Page) -> Page:
    """The page once all of it is drawn."""
    expect(page.locator(".cutaway[data-ready]")).to_be_visible()
    return page


def fits(page: Page) -> None:
    """Nothing on the page is wider than its window."""
    width = page.viewport_size["width"] if page.viewport_size else 0
    expect(page.locator("html")).to_have_js_property("scrollWidth", width)


def holds(page: Page, expression: str, arg: Any = None) -> None:
    """Wait until an expression is true on the page.

    Not `wait_for_function`: that needs eval, which the page's own policy forbids.
    """
    until = time.monotonic() + _PATIENCE / 1000
    while not page.evaluate(expression, arg):
        assert time.monotonic() < until, f"still not true: {expression}"
        page.wait_for_timeout(50)


class OpenPage(Protocol):
    """Opens HTML as a file in a browser window of its own."""

    def __call__(
        self, html: str, *, dark: bool = False, width: int = 1280, fragment: str = "",
        before: str = "",
    ) -> Page: ...  # fmt: skip


@pytest.fixture
def open_page(browser: Browser, tmp_path: Path) -> Iterator[OpenPage]:
    """`open_page(html)`: the page when it has loaded; `before` is script that runs first."""
    contexts: list[BrowserContext] = []
    said: list[str] = []
    asked: list[str] = []

    def opened(
        html: str, *, dark: bool = False, width: int = 1280, fragment: str = "", before: str = ""
    ) -> Page:
        path = tmp_path / f"page{len(contexts)}.html"
        path.write_text(html, encoding="utf-8")
        context = browser.new_context(
            offline=True, color_scheme="dark" if dark else "light",
            viewport={"width": width, "height": 900},
        )  # fmt: skip
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request: asked.append(request.url))
        if before:
            page.add_init_script(before)
        page.goto(path.as_uri() + (f"#{fragment}" if fragment else ""))
        return page

    yield opened
    for context in contexts:
        context.close()
    assert said == []
    own = (tmp_path.as_uri(), "blob:null/")
    assert [url for url in asked if not url.startswith(own)] == []

"""A page is drawn before all of it is read; what is looked at later is unpacked then."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

import pytest
from playwright.sync_api import Browser, Page, expect

from cutaway.app.attention import attention
from cutaway.render.page import page as page_of
from cutaway.view.spec import Spec

from ..lens.fakes import attention_trace
from .conftest import OpenPage, ready

#: Where the numbers of heads begin in a page; they lie in chunks of five heads here.
FIRST, SECOND, THIRD = (f'<script type="application/octet-stream" id="cutaway-weights-{i}"' for i in
                        range(3))  # fmt: skip
LAST = "Layer 2, head 3"


@pytest.fixture(scope="module")
def html() -> str:
    spec: Spec = attention(attention_trace(n_layers=3, H=4, K=2, T=300)).spec
    assert spec.rows("weights") == 5
    return page_of(spec)


@contextmanager
def served(first: str, then: str) -> Iterator[tuple[str, Event]]:
    """An address that answers with the first part at once, and the rest after the event."""
    go_on = Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(first.encode())
            self.wfile.flush()
            go_on.wait(60)
            self.wfile.write(then.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", go_on
    finally:
        go_on.set()
        server.shutdown()
        server.server_close()


def weights_are_drawn(page: Page) -> None:
    expect(page.get_by_text("% of mass drawn")).to_be_visible()
    expect(page.locator(".problem")).to_have_count(0)


def test_the_grid_is_drawn_while_the_heads_are_still_read(browser: Browser, html: str) -> None:
    at = html.index(THIRD) + 2_000  # within the last chunk
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    with served(html[:at], html[at:]) as (address, go_on):
        page.goto(f"{address}#head=0.1", wait_until="commit")
        ready(page)
        weights_are_drawn(page)
        assert page.evaluate("document.readyState") == "loading"
        page.get_by_role("application", name="12 heads").press("End")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name=LAST, exact=True)).to_be_visible()
        assert page.evaluate("document.readyState") == "loading"
        go_on.set()
        page.wait_for_load_state("load")
        weights_are_drawn(page)
    context.close()


def test_a_page_without_its_end_says_so_where_it_matters(open_page: OpenPage, html: str) -> None:
    page = ready(open_page(html[: html.index(THIRD)], fragment="head=0.1"))
    weights_are_drawn(page)
    page.get_by_role("application", name="12 heads").press("End")
    page.keyboard.press("Enter")
    expect(page.locator(".problem")).to_contain_text("not whole. Save it again")


def test_damaged_numbers_are_said(open_page: OpenPage, html: str) -> None:
    chunk = re.compile(rf"({THIRD}>).*?(?=</script>)")
    page = ready(open_page(chunk.sub(r"\1AAAA", html), fragment="head=2.3"))
    expect(page.locator(".problem")).to_contain_text("numbers are damaged")


def test_each_chunk_is_unpacked_when_one_of_its_heads_is_looked_at(
    open_page: OpenPage, html: str
) -> None:
    count = (
        "const made = DecompressionStream; window.unpacked = 0;"
        "window.DecompressionStream = function (kind) { unpacked++; return new made(kind); }"
    )
    page = ready(open_page(html, fragment="head=0.1", before=count))
    weights_are_drawn(page)
    grid = page.get_by_role("application", name="12 heads")
    assert page.evaluate("unpacked") == 2  # what is always there, and the first chunk
    for key, title in (("End", LAST), ("ArrowLeft", "Layer 2, head 2")):
        grid.press(key)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()
        weights_are_drawn(page)
    assert page.evaluate("unpacked") == 3

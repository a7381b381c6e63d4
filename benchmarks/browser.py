"""How a saved page is timed in headless Chromium: until something is painted, until it is drawn,
and what the answer to a pointer costs."""

from __future__ import annotations

import shutil
import statistics
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, CDPSession, Page, Route, sync_playwright

from benchmarks.promise import Seconds

__all__ = ["Opening", "Shown", "chromium", "hovered", "opened", "pointed"]

_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
#: From the first frame on, looks in every frame for what is waited for; notes when it is painted.
_LOOK = """(() => {
    const after = (frame) => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = frame;
        port2.postMessage(0);
    };
    const look = () => {
        if (!document.querySelector("SELECTOR")) requestAnimationFrame(look);
        else after(() => { window.drawnAt = performance.now(); });
    };
    requestAnimationFrame(look);
})()"""
_TIMES = """() => new Promise((resolve) => {
    const look = () => {
        const [first] = performance.getEntriesByName("first-contentful-paint");
        if (first && window.drawnAt) resolve([first.startTime / 1000, window.drawnAt / 1000]);
        else setTimeout(look, 20);
    };
    look();
})"""
#: What an act and the frame after it cost: the handlers' time, and that of the frame from its start
#: until it is painted. The wait for the frame is not counted.
_SPENT = """const spentOn = (act) => new Promise((resolve) => setTimeout(() => {
        let frame = 0;
        requestAnimationFrame(() => { frame = performance.now(); });
        const start = performance.now();
        act();
        const handled = performance.now() - start;
        requestAnimationFrame(() => {
            const { port1, port2 } = new MessageChannel();
            port1.onmessage = () => resolve((handled + performance.now() - frame) / 1000);
            port2.postMessage(0);
        });
    }, 30));"""
#: Moves the pointer over an element, a place in each frame.
_HOVER = (
    "async ([selector, places]) => {"
    + _SPENT
    + """
    const node = document.querySelector(selector);
    const { left, top, width, height } = node.getBoundingClientRect();
    const spent = [];
    for (let i = 0; i < places; i++) {
        const at = { clientX: left + width * 0.2, clientY: top + (height * (i + 0.5)) / places };
        const options = { ...at, bubbles: true, pointerType: "mouse" };
        spent.push(await spentOn(
            () => node.dispatchEvent(new PointerEvent("pointermove", options))));
    }
    return spent;
}"""
)
#: Enters one of several elements in each frame: for pages that listen to the mouse.
_POINT = (
    "async ([selector, places]) => {"
    + _SPENT
    + """
    const nodes = [...document.querySelectorAll(selector)];
    const spent = [];
    for (let i = 0; i < places; i++) {
        const node = nodes[Math.floor((nodes.length * i) / places)];
        const { left, top, width, height } = node.getBoundingClientRect();
        const at = { clientX: left + width / 2, clientY: top + height / 2, bubbles: true };
        spent.push(await spentOn(() => {
            for (const name of ["mouseover", "mouseenter", "mousemove"])
                node.dispatchEvent(new MouseEvent(name, at));
        }));
    }
    return spent;
}"""
)


@dataclass(frozen=True)
class Opening:
    """Seconds from the start of the navigation: until anything, and until what was waited for, is
    painted; and the processor time of the page's main thread until the page is read whole."""

    first: float
    drawn: float
    processor: float


@dataclass(frozen=True)
class Shown:
    """A page in the browser, and the way to ask what it has cost."""

    page: Page
    session: CDPSession

    def processor(self) -> float:
        """Seconds of processor time of the page's main thread so far."""
        metrics = self.session.send("Performance.getMetrics")["metrics"]
        return next(float(m["value"]) for m in metrics if m["name"] == "ThreadTime")


@contextmanager
def chromium() -> Iterator[Browser]:
    """The Chromium on the PATH."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=_FLAGS
        )  # fmt: skip
        yield browser
        browser.close()


@contextmanager
def opened(
    browser: Browser,
    path: Path,
    selector: str,
    *,
    files: Mapping[str, Path] | None = None,
    timeout: float = 60,
) -> Iterator[tuple[Shown, Opening]]:
    """A page of its own in a fresh context, once `selector` is painted.

    files     what is answered for addresses that the page loads, which is else offline
    timeout   seconds until it is given up: then Playwright's TimeoutError
    """
    context = browser.new_context(viewport={"width": 1280, "height": 900}, offline=not files)
    context.set_default_timeout(1000 * timeout)
    page = context.new_page()
    for address, file in (files or {}).items():
        page.route(address, _serving(file))
    shown = Shown(page, context.new_cdp_session(page))
    shown.session.send("Performance.enable", {"timeDomain": "threadTicks"})
    before = shown.processor()
    page.add_init_script(_LOOK.replace("SELECTOR", selector))
    page.goto(path.as_uri(), wait_until="commit")
    page.locator(selector).first.wait_for(state="attached")
    first, drawn = page.evaluate(_TIMES)
    page.wait_for_load_state("load")
    yield shown, Opening(first, drawn, shown.processor() - before)
    context.close()


def _serving(file: Path) -> Callable[[Route], None]:
    return lambda route: route.fulfill(path=file)


def hovered(shown: Shown, selector: str, places: int) -> Seconds:
    """Work for one place of an element that is pointed at from top to bottom.

    The median by the clock; the mean of the processor time, of the frames between them too.
    """
    return _moved(shown, _HOVER, selector, places)


def pointed(shown: Shown, selector: str, places: int) -> Seconds:
    """Work for one of several elements that the mouse enters, as `hovered` counts it."""
    return _moved(shown, _POINT, selector, places)


def _moved(shown: Shown, script: str, selector: str, places: int) -> Seconds:
    before = shown.processor()
    spent: list[float] = shown.page.evaluate(script, [selector, places])
    return Seconds(statistics.median(spent), (shown.processor() - before) / places)

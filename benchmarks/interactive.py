"""In the app, the first cell of the lens is on screen within 1.5 s of Enter, for 60 tokens.

SmolLM2 under `cutaway serve`, in headless Chromium: from the key going down until the frame with
the grid is painted, by the page's own clock; the prompt is read only, as "tokens to add" 0 does,
and once more with 20 tokens generated. Medians of seven prompts (smoke: one), each another text.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, Page

import cutaway
from benchmarks.browser import chromium
from benchmarks.promise import Figure, main, median
from benchmarks.serving import serving

SECONDS, TOKENS, ROUNDS = 1.5, 60, 7
GENERATED = 20
TEXT = Path(__file__).parents[1] / "ARCHITECTURE.md"
#: Notes when Enter goes down, when cells are first painted, and when the whole lens is.
_CLOCK = """(() => {
    const times = (window.benchTimes = {});
    const after = (frame) => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = frame;
        port2.postMessage(0);
    };
    const note = (name) => after(() => { times[name] ??= performance.now() / 1000; });
    addEventListener("keydown", (event) => {
        if (event.key === "Enter") times.enter ??= performance.now() / 1000;
    }, true);
    const look = () => {
        if (times.enter && !times.first && document.querySelector(".app-picture canvas"))
            note("first");
        if (times.enter && !times.whole && document.querySelector("[data-drawn=logit_lens]"))
            note("whole");
        requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
})()"""


def run(smoke: bool) -> Iterator[Figure]:
    """The whole way: key, request, pass, store, first look, picture."""
    rounds = 1 if smoke else ROUNDS
    prompts = _prompts(rounds + 1)
    with serving() as (_, _client, url), chromium() as browser:
        for n_said in (0, GENERATED):
            shown = [_asked(browser, url, prompt, n_said) for prompt in prompts][1:]
            name = "read only" if n_said == 0 else f"{n_said} tokens generated"
            firsts = [first for first, _ in shown]
            yield median(f"{name}: Enter to the first cells", firsts, "s",
                         SECONDS if n_said == 0 else None)  # fmt: skip
            yield median(f"{name}: Enter to all cells", [whole for _, whole in shown])


def _prompts(count: int) -> list[str]:
    """Texts of 60 tokens each, one after another."""
    lm = cutaway.load()
    ids = list(lm.read(TEXT.read_text("utf-8")).ids)
    return [str(lm.tokenizer.decode(ids[n * TOKENS : (n + 1) * TOKENS])) for n in range(count)]


def _asked(browser: Browser, url: str, prompt: str, n_said: int) -> tuple[float, float]:
    """Seconds from Enter until the first cells, and until all of them, are painted."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.add_init_script(_CLOCK)
    page.goto(url)
    page.get_by_label("tokens to add").fill(str(n_said))
    page.get_by_label("Prompt").fill(prompt)
    time.sleep(0.5)  # what the page asks when it is opened has come
    page.get_by_label("Prompt").press("Enter")
    found = _times(page)
    context.close()
    return found["first"] - found["enter"], found["whole"] - found["enter"]


def _times(page: Page) -> dict[str, float]:
    page.wait_for_function("() => window.benchTimes?.whole", timeout=300_000)
    times: dict[str, float] = page.evaluate("() => window.benchTimes")
    return times


if __name__ == "__main__":
    sys.exit(main(__doc__, run))

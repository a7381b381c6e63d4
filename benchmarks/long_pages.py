"""Pages of 4,096 tokens stay usable: at most 4,000 nodes, pointing and scrolling answer in 50 ms.

Each page is saved, then opened from disk in Chromium. Pointing is at the picture's grid or strip,
from one end to the other, and scrolling at the strip of tokens: the handler's time and that of the
frame until it is painted, the median of 20 places.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import cutaway as ct
from benchmarks.browser import Shown, chromium, hovered, opened, pointed
from benchmarks.long import TOKENS, text_ids
from benchmarks.promise import Figure, main
from cutaway.trace.trace import Trace

READY = ".cutaway[data-ready]"
NODES, ANSWER, PLACES = 4000, 0.05, 20
STRIP, GRID = ".strip", ".grid"
#: Scrolls a box to places from its top to its end; seconds of each until it is painted.
_SCROLL = """async ([selector, places]) => {
    const box = document.querySelector(selector);
    const spent = [];
    for (let i = 1; i <= places; i++) {
        const start = performance.now();
        box.scrollTop = ((box.scrollHeight - box.clientHeight) * i) / places;
        spent.push(await new Promise((resolve) => requestAnimationFrame(() => {
            const frame = performance.now();
            requestAnimationFrame(() => {
                const { port1, port2 } = new MessageChannel();
                port1.onmessage = () => resolve((performance.now() - frame) / 1000);
                port2.postMessage(0);
            });
        })));
    }
    return spent;
}"""

PAGES: Mapping[str, Callable[[Trace], Any]] = {
    "logit_lens": ct.logit_lens,
    "race": lambda trace: ct.watch(trace, [260, 216]),
    "saliency": lambda trace: ct.saliency(trace, targets=trace.n_positions),
    "attention": lambda trace: ct.attention(trace, layers=[9]),
    "one head": lambda trace: ct.attention(trace).neuron(9, 2),
    "neurons": ct.neurons,
    "factors": lambda trace: ct.factors(trace, exclude=[0]),
    "clusters": ct.clusters,
    "walk": ct.walk,
    "report": ct.report,
}


def run(smoke: bool) -> Iterator[Figure]:
    """SmolLM2, the documentation's own text (smoke: one page of 64 tokens)."""
    lm = ct.load()
    tokens = 64 if smoke else TOKENS
    trace = lm.trace(text_ids(lm, tokens))
    names = list(PAGES)[: 1 if smoke else None]
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        for name in names:
            path = PAGES[name](trace).save(Path(folder) / f"{name}.html")
            yield Figure(f"{name}: page", path.stat().st_size / 1e6, "MB")
            with opened(browser, path, READY) as (shown, opening):
                yield Figure(f"{name}: first paint", opening.first, "s")
                yield Figure(f"{name}: drawn", opening.drawn, "s")
                yield from _used(name, shown)


def _used(name: str, shown: Shown) -> Iterator[Figure]:
    """What a page in use costs."""
    page = shown.page
    nodes = page.evaluate("document.querySelectorAll('.cutaway *').length")
    yield Figure(f"{name}: nodes", nodes, "", NODES)
    if page.locator(GRID).count():
        spent = hovered(shown, GRID, PLACES)
        yield Figure(f"{name}: pointing at the grid", spent.wall, "s", ANSWER)
    if page.locator(STRIP).count():
        spent = pointed(shown, f"{STRIP} .token", PLACES)
        yield Figure(f"{name}: pointing at a token", spent.wall, "s", ANSWER)
        scrolled = page.evaluate(_SCROLL, [STRIP, PLACES])
        yield Figure(f"{name}: scrolling the text", statistics.median(scrolled), "s", ANSWER)


if __name__ == "__main__":
    sys.exit(main(__doc__, run))

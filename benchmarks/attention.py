"""A page of every head at 512 tokens is at most 30 MB, paints in 0.3 s, and answers in 16 ms."""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path

from platformdirs import user_cache_path
from playwright.sync_api import Browser
from playwright.sync_api import TimeoutError as Late

import cutaway
from benchmarks.bertviz import SCRIPTS, bertviz_page, install
from benchmarks.browser import Opening, chromium, hovered, opened
from benchmarks.promise import Figure, Seconds, main
from cutaway.app.looking import AttentionView
from cutaway.model.lm import LM

ROOT = Path(__file__).parents[1]
EMPTY = "<!doctype html><title>empty</title><p class='cutaway' data-ready>Nothing.</p>"
READY = ".cutaway[data-ready]"
#: Tokens at which ours is measured, and the most that is promised at 512.
LENGTHS = (32, 64, 128, 512)
PROMISED = 512
MEGABYTES, GRID, HOVER = 30, 0.3, 0.016
#: BertViz draws an element per weight: above these lengths it takes minutes.
BERTVIZ = {"model_view": (32, 64), "head_view": (32, 64, 128)}
PATIENCE = 180


def run(smoke: bool) -> Iterator[Figure]:
    """SmolLM2, 30 x 9 heads, in headless Chromium from disk; medians of five openings (smoke: one).

    Hover is the work for one position of the pointer, until its frame is painted, at 20 places.
    Processor time is that of the page's main thread; it hardly changes when others run beside.
    BertViz is opened once for each view and length, with what it loads served from disk.
    """
    lengths, rounds = ((16,), 1) if smoke else (LENGTHS, 5)
    views = _views(cutaway.load(), {*lengths, *(() if smoke else BERTVIZ["head_view"])})
    with tempfile.TemporaryDirectory() as name, chromium() as browser:
        folder = Path(name)
        pages = {T: views[T].save(folder / f"ours{T}.html") for T in lengths}
        openings = yield from _ours(browser, folder, pages, rounds)
        if smoke:
            print("  BertViz is left out of a smoke run: it would have to be fetched", flush=True)
            return
        installed = user_cache_path("cutaway") / "bench-bertviz"
        installed.mkdir(parents=True, exist_ok=True)
        if why := install(installed):
            print(f"  BertViz could not be installed, left out: {why}", flush=True)
            return
        for view, some in BERTVIZ.items():
            for T in some:
                ours = (views[T], pages[T], openings[T])
                yield from _theirs(browser, view, *ours, installed, folder)


def _views(lm: LM, lengths: set[int]) -> dict[int, AttentionView]:
    text = "".join((ROOT / name).read_text("utf-8") for name in ("README.md", "ARCHITECTURE.md"))
    ids = lm.trace(text).token_ids
    return {T: cutaway.attention(lm.trace(list(ids[:T]))) for T in lengths}


def _ours(
    browser: Browser, folder: Path, pages: dict[int, Path], rounds: int
) -> Generator[Figure, None, dict[int, list[Opening]]]:
    """Figures of our pages, the lengths in turn; returns how each was opened."""
    empty = folder / "empty.html"
    empty.write_text(EMPTY, encoding="utf-8")
    nothing: list[float] = []
    openings: dict[int, list[Opening]] = {T: [] for T in pages}
    hovers: dict[int, dict[str, list[Seconds]]] = {T: {"grid": [], "lines": []} for T in pages}
    for _ in range(rounds):
        with opened(browser, empty, READY) as (_shown, opening):
            nothing.append(opening.drawn)
        for T, path in pages.items():
            with opened(browser, path, READY) as (shown, opening):
                openings[T].append(opening)
                shown.page.locator(".columns canvas").wait_for()
                for name, selector in (("grid", ".thumbnails"), ("lines", ".columns")):
                    hovers[T][name].append(hovered(shown, selector, 20))
    yield _figure("an empty page is drawn", nothing)
    for T, path in pages.items():
        yield from _of_one(T, path, openings[T], hovers[T])
    return openings


def _of_one(
    T: int, path: Path, openings: list[Opening], hovers: dict[str, list[Seconds]]
) -> Iterator[Figure]:
    bound = T == PROMISED
    yield Figure(f"T = {T}: page", path.stat().st_size / 1e6, "MB", MEGABYTES if bound else None)
    yield _figure(f"T = {T}: first paint", [o.first for o in openings], GRID * bound)
    yield _figure(f"T = {T}: grid is drawn", [o.drawn for o in openings], GRID * bound)
    yield _figure(f"T = {T}: read whole, processor time", [o.processor for o in openings])
    for name, spent in hovers.items():
        for clock in ("wall", "processor"):
            seconds = [getattr(one, clock) for one in spent]
            yield _figure(f"T = {T}: hover over the {name}, {clock} time", seconds, HOVER * bound)


def _theirs(
    browser: Browser, view: str, ours: AttentionView, page: Path, openings: list[Opening],
    installed: Path, folder: Path,
) -> Iterator[Figure]:  # fmt: skip
    tokens = list(ours.spec.header["inputs"])
    made = bertviz_page(view, ours.data["weight"].values, tokens, installed, folder)
    name = f"BertViz {view}, T = {len(tokens)}"
    yield Figure(f"{name}: page", made.stat().st_size / 1e6, "MB")
    yield Figure(f"{name}: page, to ours", made.stat().st_size / page.stat().st_size, "x")
    files = {address: installed / "node_modules" / file for address, file in SCRIPTS.items()}
    try:
        with opened(browser, made, "svg line", files=files, patience=PATIENCE) as (_, opening):
            yield Figure(f"{name}: first paint", opening.first, "s")
            yield Figure(f"{name}: lines are drawn", opening.drawn, "s")
            yield Figure(f"{name}: processor time", opening.processor, "s")
            for what in ("drawn", "processor"):
                own = statistics.median(getattr(one, what) for one in openings)
                yield Figure(f"{name}: {what}, to ours", getattr(opening, what) / own, "x")
    except Late:
        print(f"  {name}: nothing was drawn in {PATIENCE} s, given up", flush=True)


def _figure(name: str, seconds: Sequence[float], bound: float = 0) -> Figure:
    spread = (min(seconds), max(seconds))
    return Figure(name, statistics.median(seconds), "s", bound or None, spread)


if __name__ == "__main__":
    sys.exit(main(__doc__, run))

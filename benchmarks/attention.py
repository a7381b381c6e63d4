"""A page of every head at 512 tokens is at most 30 MB, paints in 0.3 s, and answers in 16 ms.

Headless Chromium from disk; medians of five openings. Hover is the work for one position of the
pointer, until its frame is painted, at 20 places. Processor time is that of the page's main thread;
it hardly changes when others run beside. BertViz and CircuitsVis show the same weights of all
heads. They are opened once for each length, with what they load served from disk.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from platformdirs import user_cache_path
from playwright.sync_api import Browser
from playwright.sync_api import TimeoutError as Late

import cutaway
from benchmarks.bertviz import SCRIPTS, bertviz_page, install
from benchmarks.browser import Opening, chromium, hovered, opened, pointed
from benchmarks.peer import PeerError, at_work
from benchmarks.promise import Figure, Seconds, main, median
from cutaway.app.attention import AttentionView
from cutaway.model.lm import LM

ROOT = Path(__file__).parents[1]
EMPTY = "<!doctype html><title>empty</title><p class='cutaway' data-ready>Nothing.</p>"
READY = ".cutaway[data-ready]"
#: Tokens at which ours is measured, and the most that is promised at 512.
LENGTHS = (32, 64, 128, 512, 1024)
PROMISED = 512
MEGABYTES, GRID, HOVER = 30, 0.3, 0.016
#: Both write weights as text and draw an element per weight or head: above these lengths they take
#: minutes, or a page of a gigabyte.
BERTVIZ = {"model_view": (32, 64), "head_view": (32, 64, 128)}
CIRCUITSVIS = (32, 64, 128)
TIMEOUT = 60


@dataclass(frozen=True)
class Drawn:
    """Our page of one length, and how it was opened."""

    view: AttentionView
    path: Path
    openings: list[Opening]
    hovers: dict[str, list[Seconds]]


def ours(smoke: bool) -> Iterator[Figure]:
    """SmolLM2, 30 x 9 heads (smoke: 16 tokens, opened once)."""
    lengths, rounds = ((16,), 1) if smoke else (LENGTHS, 5)
    with tempfile.TemporaryDirectory() as name, chromium() as browser:
        drawn = yield from _opened(browser, Path(name), lengths, rounds)
        for T, one in drawn.items():
            yield from _of_one(T, one)


def peers(smoke: bool) -> Iterator[Figure]:
    """The same pages beside theirs; nothing of them in a smoke run, for they would be fetched."""
    if smoke:
        return
    with tempfile.TemporaryDirectory() as name, chromium() as browser:
        folder = Path(name)
        drawn = yield from _opened(browser, folder, CIRCUITSVIS, 5)
        for T, one in drawn.items():
            yield from _circuitsvis(browser, T, one, folder)
        installed = user_cache_path("cutaway") / "bench-bertviz"
        installed.mkdir(parents=True, exist_ok=True)
        if why := install(installed):
            print(f"  BertViz could not be installed, left out: {why}", flush=True)
            return
        for view, some in BERTVIZ.items():
            for T in some:
                yield from _bertviz(browser, view, drawn[T], installed, folder)


def _opened(
    browser: Browser, folder: Path, lengths: tuple[int, ...], rounds: int
) -> Generator[Figure, None, dict[int, Drawn]]:
    """Our pages, the lengths in turn; the only figure is that of a page with nothing in it."""
    empty = folder / "empty.html"
    empty.write_text(EMPTY, encoding="utf-8")
    drawn = {}
    for T, view in _views(cutaway.load(), lengths).items():
        drawn[T] = Drawn(view, view.save(folder / f"ours{T}.html"), [], {"grid": [], "lines": []})
    nothing: list[float] = []
    for _ in range(rounds):
        with opened(browser, empty, READY) as (_shown, opening):
            nothing.append(opening.drawn)
        for one in drawn.values():
            with opened(browser, one.path, READY) as (shown, opening):
                one.openings.append(opening)
                shown.page.locator(".columns canvas").wait_for()
                one.hovers["grid"].append(hovered(shown, ".thumbnails", 20))
                one.hovers["lines"].append(hovered(shown, ".columns", 20))
    yield median("an empty page is drawn", nothing)
    return drawn


def _views(lm: LM, lengths: tuple[int, ...]) -> dict[int, AttentionView]:
    names = ("README.md", "ARCHITECTURE.md", "CHANGELOG.md")
    whole = "".join((ROOT / name).read_text("utf-8") for name in names)
    ids = lm.read(whole[:16_000]).ids  # the model takes 8,192 tokens
    return {T: cutaway.attention(lm.trace(list(ids[:T]))) for T in lengths}


def _of_one(T: int, one: Drawn) -> Iterator[Figure]:
    bound = T == PROMISED
    size = one.path.stat().st_size / 1e6
    yield Figure(f"T = {T}: page", size, "MB", MEGABYTES if bound else None)
    yield _median(f"T = {T}: first paint", [o.first for o in one.openings], GRID * bound)
    yield _median(f"T = {T}: grid is drawn", [o.drawn for o in one.openings], GRID * bound)
    yield _median(f"T = {T}: read whole, processor time", [o.processor for o in one.openings])
    for name, spent in one.hovers.items():
        for clock in ("wall", "processor"):
            seconds = [getattr(each, clock) for each in spent]
            yield _median(f"T = {T}: hover over the {name}, {clock} time", seconds, HOVER * bound)


def _bertviz(
    browser: Browser, view: str, one: Drawn, installed: Path, folder: Path
) -> Iterator[Figure]:
    made = bertviz_page(view, one.view.data["weight"].values, _tokens(one), installed, folder)
    files = {address: installed / "node_modules" / file for address, file in SCRIPTS.items()}
    # The tokens of the head view answer the mouse; the model view answers clicks only.
    answers = "svg text" if view == "head_view" else ""
    yield from _theirs(browser, f"BertViz {view}", one, made, "svg line", answers, files)


def _circuitsvis(browser: Browser, T: int, one: Drawn, folder: Path) -> Iterator[Figure]:
    weights, made = folder / "weights.npy", folder / f"circuitsvis{T}.html"
    np.save(weights, one.view.data["weight"].values)
    with at_work("circuitsvis") as peer:
        if peer is None:
            return
        try:
            peer.ask("page", "nothing", weights=str(weights), tokens=_tokens(one), path=str(made))
        except PeerError as problem:
            print(f"  CircuitsVis fails, left out: {problem}", flush=True)
            return
    yield from _theirs(browser, "CircuitsVis", one, made, "canvas", "canvas", {})


def _tokens(one: Drawn) -> list[str]:
    return list(one.view.spec.header["inputs"])


def _theirs(
    browser: Browser, name: str, one: Drawn, made: Path, ready: str, answers: str,
    files: dict[str, Path],
) -> Iterator[Figure]:  # fmt: skip
    """A page of theirs, opened once, and ours as a part of it."""
    name = f"{name}, T = {len(_tokens(one))}"
    size = made.stat().st_size
    yield Figure(f"{name}: page", size / 1e6, "MB")
    yield Figure(f"{name}: our page, to it", one.path.stat().st_size / size, "x", 1)
    with ExitStack() as stack:
        try:
            shown, opening = stack.enter_context(
                opened(browser, made, ready, files=files, timeout=TIMEOUT)
            )
        except Late:
            print(f"  {name}: nothing was drawn in {TIMEOUT} s, given up", flush=True)
            return
        yield Figure(f"{name}: first paint", opening.first, "s")
        yield Figure(f"{name}: heads are drawn", opening.drawn, "s")
        for what in ("drawn", "processor"):
            own = statistics.median(getattr(each, what) for each in one.openings)
            yield Figure(f"{name}: ours {what}, to it", own / getattr(opening, what), "x", 1)
        if answers:
            theirs = pointed(shown, answers, 20).wall
            own = statistics.median(each.wall for each in one.hovers["grid"])
            yield Figure(f"{name}: hover, wall time", theirs, "s")
            yield Figure(f"{name}: our hover, to it", own / theirs, "x")


def _median(name: str, seconds: list[float], bound: float = 0) -> Figure:
    return median(name, seconds, "s", bound or None)


ROWS = {"ours": ours, "peers": peers}

if __name__ == "__main__":
    sys.exit(main(__doc__ or "", ROWS))

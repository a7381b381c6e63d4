"""The way a person goes, with the embedded model: report, walk, explorer, comparison, and back.

CUTAWAY_WAY=FOLDER keeps a picture of every stop and a film of each page, as animated WebP.
"""

from __future__ import annotations

import base64
import io
import os
import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

import cutaway as ct
from cutaway.app.demo import PROMPT

from .conftest import ready
from .test_widget import NOTEBOOK, draw

OTHER = "The capital of Italy is"
#: Milliseconds that the last picture of a film stands.
LAST = 2_000


class Way:
    """Pages opened offline, each filmed where that is wanted."""

    def __init__(self, browser: Browser, folder: Path | None) -> None:
        self.browser, self.folder = browser, folder
        self.contexts: list[BrowserContext] = []
        self.films: list[tuple[str, list[dict[str, Any]]]] = []

    def open(self, name: str, address: str) -> Page:
        context = self.browser.new_context(offline=True, viewport={"width": 1280, "height": 900})
        self.contexts.append(context)
        page = context.new_page()
        if self.folder:
            self.films.append((name, filmed(context, page)))
        page.goto(address)
        return page

    def look(self, page: Page, name: str) -> None:
        if self.folder:
            page.screenshot(path=self.folder / f"{name}.png")

    def close(self) -> None:
        for context in self.contexts:
            context.close()
        for name, frames in self.films:
            develop(frames, self.folder / f"{name}.webp")  # type: ignore[operator]


def filmed(context: BrowserContext, page: Page) -> list[dict[str, Any]]:
    """The frames that the browser shows from now on. Playwright's own video needs its ffmpeg."""
    frames: list[dict[str, Any]] = []
    session = context.new_cdp_session(page)

    def keep(frame: dict[str, Any]) -> None:
        frames.append(frame)
        session.send("Page.screencastFrameAck", {"sessionId": frame["sessionId"]})

    session.on("Page.screencastFrame", keep)
    session.send("Page.startScreencast", {"format": "jpeg", "quality": 80, "maxWidth": 960})
    return frames


def develop(frames: list[dict[str, Any]], path: Path) -> None:
    from PIL import Image

    pictures = [Image.open(io.BytesIO(base64.b64decode(frame["data"]))) for frame in frames]
    times = [frame["metadata"]["timestamp"] for frame in frames]
    lasts = [max(40, round(1000 * (b - a))) for a, b in pairwise(times)]
    first, *rest = pictures
    first.save(path, save_all=True, append_images=rest, duration=[*lasts, LAST], quality=60)


@pytest.fixture
def way(browser: Browser) -> Iterator[Way]:
    given = os.environ.get("CUTAWAY_WAY")
    folder = Path(given) if given else None
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
    made = Way(browser, folder)
    yield made
    made.close()


def section(page: Page, name: str) -> Locator:
    return page.locator(f"[data-section={name}]")


def pick(page: Page, label: str) -> None:
    page.locator(".strip.is-said").get_by_role("option", name=label, exact=True).click()


def state(page: Page) -> dict[str, str]:
    """What the open sections say of the token that is picked, in their own words."""
    where = {
        "token": page.locator(".report-token"),
        "account": page.locator(".account"),
        "lens": section(page, "lens").locator(".readout").first,
        "saliency": section(page, "saliency").locator(".readout").first,
        "attention": section(page, "attention").locator(".card", has_text="It looks at"),
        "walk": section(page, "walk").locator(".walk-step > .about").first,
    }
    for one in where.values():
        expect(one).to_be_visible()
    return {name: one.inner_text() for name, one in where.items()}


def through_the_report(page: Page, look: Callable[[Page, str], None]) -> None:
    """Report, " Paris": the lens, the saliency and the attention follow."""
    for name in ("lens", "saliency", "attention"):
        section(page, name).locator(".disclosure").click()
        expect(section(page, name).locator(".card").first).to_be_visible()
    pick(page, "·France")
    expect(section(page, "lens").locator(".readout").first).to_contain_text("then came ·France")
    pick(page, "·Paris")
    look(page, "1-paris")
    lens = section(page, "lens").locator(".readout").first
    expect(lens).to_contain_text("Position 4: read ·is, then came ·Paris")
    expect(section(page, "saliency").locator(".readout h2")).to_have_text("Why ·Paris?")
    looks = section(page, "attention").locator(".card", has_text="It looks at").locator("h2")
    expect(looks).to_have_text("At ·is, position 4")
    expect(page.locator(".report-candidates .is-next code")).to_have_text("·Paris")
    section(page, "saliency").scroll_into_view_if_needed()
    look(page, "2-saliency")


def ten_steps(page: Page, look: Callable[[Page, str], None]) -> None:
    walk = section(page, "walk")
    walk.locator(".disclosure").click()
    for step in range(1, 11):
        expect(walk.get_by_text(f"Step {step} of")).to_be_visible()
        walk.get_by_role("button", name="next →").click()
    expect(walk.get_by_text("Step 11 of")).to_be_visible()
    walk.locator(".walk-step").scroll_into_view_if_needed()
    look(page, "3-walk")


def two_branches(page: Page, look: Callable[[Page, str], None]) -> None:
    lines = page.locator(".explore-line")
    lines.nth(0).click()
    expect(page.locator(".explore-tree [aria-selected='true']")).to_have_attribute("data-node", "1")
    lines.nth(0).click()
    expect(page.locator(".explore-tree [aria-selected='true']")).to_have_attribute("data-node", "2")
    for _ in range(2):
        page.get_by_role("button", name="← back").click()
    lines.nth(1).click()
    expect(page.locator(".explore-tree [aria-selected='true']")).to_have_attribute("data-node", "3")
    expect(page.locator(".explore-tree [role=treeitem]")).to_have_count(4)
    look(page, "4-explore")


def side_by_side(page: Page, look: Callable[[Page, str], None]) -> None:
    expect(page.get_by_role("heading", name="How far apart their states are")).to_be_visible()
    page.locator(".grid").first.press("End")
    expect(page.locator(".readout").first).to_contain_text("·is")
    expect(page.locator(".readout").first).to_contain_text("·Rome")
    look(page, "5-compare")


def test_a_person_goes_from_the_prompt_to_a_page_that_is_the_same_again(
    way: Way, smol: ct.LM, tmp_path: Path
) -> None:
    trace = smol.generate(PROMPT, max_new_tokens=3)
    report = ct.report(trace, ["lens", "saliency", "attention", "walk"])
    page = ready(way.open("report", report.save(tmp_path / "report.html").as_uri()))
    through_the_report(page, way.look)
    ten_steps(page, way.look)

    explorer = ct.explore(smol, PROMPT)
    notebook = way.open("explore", "about:blank")
    notebook.set_content(NOTEBOOK)
    draw(notebook, explorer._live_spec, explorer.answer)
    two_branches(notebook, way.look)
    kept = ready(way.open("explored", explorer.save(tmp_path / "tree.html").as_uri()))
    expect(kept.locator(".explore-tree [role=treeitem]")).to_have_count(4)

    compared = ct.compare(smol.trace(PROMPT), smol.trace(OTHER)).save(tmp_path / "both.html")
    side_by_side(ready(way.open("compare", compared.as_uri())), way.look)

    expect(page).to_have_url(re.compile(r"#(?=.*open=lens,saliency,attention,walk)(?=.*step=10)"))
    before = state(page)
    assert "·Paris" in before["token"]
    moved = (tmp_path / "report.html").rename(tmp_path / "moved.html")
    fragment = page.url.split("#")[1]
    again = ready(way.open("again", f"{moved.as_uri()}#{fragment}"))
    expect(section(again, "walk").get_by_text("Step 11 of")).to_be_visible()
    assert state(again) == before
    way.look(again, "6-again")

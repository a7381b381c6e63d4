"""The first steps in a real marimo: every picture drawn, picked in, answered, in its theme."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.notebooks import ROOT, RUN, marimo, watched

#: The pictures of the notebook, in its order.
LENS, PREDICTIONS, WATCH, SALIENCY, ATTENTION, WALK, REPORT = range(7)


@pytest.fixture(scope="module")
def notebook(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """marimo in its dark theme, on a light system, after all cells have run."""
    folder = tmp_path_factory.mktemp("marimo")
    path = shutil.copy(ROOT / "examples" / "start_marimo.py", folder)
    with marimo(Path(path), theme="dark") as address, watched(browser) as page:
        page.goto(address)
        expect(page.locator(".cutaway[data-ready]")).to_have_count(REPORT + 1, timeout=RUN)
        yield page


def picture(page: Page, number: int) -> Locator:
    return page.locator(".cutaway").nth(number)


def test_every_picture_is_drawn_in_the_notebooks_theme(notebook: Page) -> None:
    expect(notebook.locator(".problem")).to_have_count(0)
    expect(picture(notebook, LENS)).to_contain_text("·Paris with 77.3 %")
    expect(picture(notebook, WALK)).to_contain_text("Step 1 of")
    for number in range(REPORT + 1):
        expect(picture(notebook, number)).to_have_attribute("data-scheme", "dark")


def test_a_token_is_picked_by_click_and_by_key(notebook: Page) -> None:
    lens = picture(notebook, LENS)
    lens.get_by_role("option", name="·France").click()
    expect(lens.locator(".readout")).to_contain_text("Position 3: read ·France")
    notebook.keyboard.press("ArrowLeft")
    expect(lens.locator(".readout")).to_contain_text("Position 2: read ·of")


def test_a_head_is_computed_by_the_kernel(notebook: Page) -> None:
    heads = picture(notebook, ATTENTION)
    grid = heads.get_by_role("application", name="270 heads")
    grid.press("Home")
    grid.press("Enter")
    expect(heads.get_by_role("heading", name="Layer 0, head 0", exact=True)).to_be_visible()
    expect(heads.get_by_text("% of mass drawn")).to_be_visible()
    expect(heads.locator(".problem")).to_have_count(0)

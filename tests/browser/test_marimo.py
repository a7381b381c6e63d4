"""The first steps in a real marimo: every picture drawn, picked in, answered, in its theme."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.notebooks import (
    REPORT,
    ROOT,
    RUN,
    all_are_drawn,
    marimo,
    picture,
    test_a_head_is_computed_by_the_kernel,  # noqa: F401 - a test of every notebook
    test_a_token_is_picked_by_click_and_by_key,  # noqa: F401 - likewise
    watched,
)


@pytest.fixture(scope="module")
def notebook(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """marimo in its dark theme, on a light system, after all cells have run."""
    folder = tmp_path_factory.mktemp("marimo")
    path = shutil.copy(ROOT / "examples" / "start_marimo.py", folder)
    with marimo(Path(path), theme="dark") as address, watched(browser) as page:
        page.goto(address)
        expect(page.locator(".cutaway[data-ready]")).to_have_count(REPORT + 1, timeout=RUN)
        yield page


def test_every_picture_is_drawn_in_the_notebooks_theme(notebook: Page) -> None:
    all_are_drawn(notebook)
    for number in range(REPORT + 1):
        expect(picture(notebook, number)).to_have_attribute("data-scheme", "dark")

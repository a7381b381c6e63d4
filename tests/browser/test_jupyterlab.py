"""The first steps in a real JupyterLab: live with its kernel, and what the saved file shows."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.notebooks import (
    LENS,
    REPORT,
    ROOT,
    RUN,
    all_are_drawn,
    jupyterlab,
    picture,
    test_a_head_is_computed_by_the_kernel,  # noqa: F401 - a test of every notebook
    test_a_token_is_picked_by_click_and_by_key,  # noqa: F401 - likewise
    until,
    watched,
)

IDLE = "Python 3 (ipykernel) | Idle"
WIDGET = "application/vnd.jupyter.widget-view+json"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("lab")
    shutil.copy(ROOT / "examples" / "start.ipynb", made)
    return made


@pytest.fixture(scope="module")
def notebook(browser: Browser, folder: Path) -> Iterator[Page]:
    """JupyterLab after all cells have run."""
    with jupyterlab(folder) as address, watched(browser) as page:
        page.goto(address.format(path="start.ipynb"))
        expect(page.get_by_text(IDLE)).to_be_visible(timeout=RUN)
        choose(page, "Run", "Run All Cells")
        expect(page.locator(".cutaway[data-ready]")).to_have_count(REPORT + 1, timeout=RUN)
        yield page


def choose(page: Page, menu: str, *items: str) -> None:
    page.get_by_role("menuitem", name=menu, exact=True).click()
    for item in items:
        page.locator(".lm-Menu-itemLabel").get_by_text(item, exact=True).click()


def test_every_picture_is_drawn(notebook: Page) -> None:
    all_are_drawn(notebook)


def test_a_section_of_the_report_is_computed_by_the_kernel(notebook: Page) -> None:
    report = picture(notebook, REPORT)
    section = report.locator("[data-section=lens]")
    section.locator(".disclosure").click()
    expect(section.locator(".grid")).to_be_visible(timeout=RUN)
    expect(section.locator(".readout")).to_contain_text("Position 4: read ·is")
    expect(report.locator(".problem")).to_have_count(0)


def test_the_theme_of_the_notebook_is_followed(notebook: Page) -> None:
    expect(picture(notebook, LENS)).to_have_attribute("data-scheme", "light")
    for theme, scheme in (("JupyterLab Dark", "dark"), ("JupyterLab Light", "light")):
        choose(notebook, "Settings", "Theme", theme)
        for number in range(REPORT + 1):
            expect(picture(notebook, number)).to_have_attribute("data-scheme", scheme)


@pytest.fixture(scope="module")
def saved(notebook: Page, folder: Path) -> Path:
    """The notebook as JupyterLab saves it: without the state of its widgets."""
    path = folder / "start.ipynb"
    before = path.stat().st_mtime_ns
    choose(notebook, "File", "Save Notebook")
    until(lambda: path.stat().st_mtime_ns > before and is_whole(path))
    return path


def is_whole(path: Path) -> bool:
    try:
        return len(outputs(path)) > REPORT
    except json.JSONDecodeError:
        return False  # it is being written


def outputs(path: Path) -> list[dict[str, Any]]:
    """What the notebook holds of each picture, by type."""
    cells = json.loads(path.read_text("utf-8"))["cells"]
    shown = [each.get("data", {}) for cell in cells for each in cell.get("outputs", ())]
    # A bar of progress is a widget too, and leaves its words behind.
    return [data for data in shown if WIDGET in data and "text/html" in data]


def test_the_file_has_a_picture_and_a_table_of_each_and_is_small(saved: Path) -> None:
    notebook = json.loads(saved.read_text("utf-8"))
    assert "widgets" not in notebook["metadata"]
    pictures = outputs(saved)
    assert len(pictures) == REPORT + 1
    for data in pictures:
        png = base64.b64decode(data["image/png"])
        assert png.startswith(b"\x89PNG")
        html = "".join(data["text/html"])
        assert base64.b64encode(png).decode() in html
        assert "<table" in html
        assert "<script" not in html
    assert saved.stat().st_size < 1_000_000


def test_a_page_of_nbconvert_shows_them_without_any_script(saved: Path, browser: Browser) -> None:
    subprocess.run(
        [sys.executable, "-m", "nbconvert", "--to", "html", str(saved)],
        check=True, capture_output=True,
    )  # fmt: skip
    context = browser.new_context(java_script_enabled=False, offline=True)
    page = context.new_page()
    page.goto(saved.with_suffix(".html").as_uri())
    expect(page.locator(".cutaway-static img")).to_have_count(REPORT + 1)
    for still in page.locator(".cutaway-static img").all():
        expect(still).to_be_visible()
    page.locator(".cutaway-static summary").nth(LENS).click()
    expect(page.get_by_role("rowheader", name="29", exact=True).first).to_be_visible()
    said = page.get_by_role("img", name="What it guessed after each layer. At the last position")
    expect(said).to_be_visible()
    context.close()


def test_a_lab_without_widgets_shows_what_is_kept_and_says_what_to_install(
    saved: Path, browser: Browser, tmp_path: Path
) -> None:
    shutil.copy(saved, tmp_path)
    with jupyterlab(tmp_path, widgets=False) as address, watched(browser) as page:
        page.goto(address.format(path=saved.name))
        expect(page.locator(".cutaway-static img").first).to_be_visible(timeout=RUN)
        expect(page.locator(".cutaway-static").first).to_contain_text(
            "pip install jupyterlab_widgets"
        )


def test_what_is_interrupted_says_how_far_it_is_and_leaves_the_model_usable(notebook: Page) -> None:
    run(notebook, "ct.saliency(trace, method='shapley_value_sampling', samples=10**5)")
    bar = notebook.locator(".jp-OutputArea").get_by_text(re.compile("taking.random.tokens.out:"))
    expect(bar).to_be_visible()
    choose(notebook, "Kernel", "Interrupt Kernel")
    expect(notebook.get_by_text("KeyboardInterrupt", exact=True).last).to_be_visible()
    expect(bar).to_have_count(0)
    # Before that, a kernel takes no cell after an error.
    expect(notebook.get_by_text(IDLE)).to_be_visible()
    run(notebook, "print('the same:', ct.logit_lens(trace).data.identical(lens.data))")
    expect(notebook.get_by_text("the same: True")).to_be_visible()


def run(page: Page, code: str) -> None:
    """A cell at the end of the notebook."""
    cells = page.locator(".jp-CodeCell")
    count = cells.count()
    page.locator(".jp-Notebook-footer").click()
    expect(cells).to_have_count(count + 1)
    editor = cells.nth(count).locator(".cm-content")
    editor.fill(code)
    editor.press("Control+Enter")  # goes on to no other cell

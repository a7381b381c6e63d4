"""The documentation as a site: it builds without a warning, asks nothing of the network, and has
every page and every public name."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

import cutaway

from ..pages import DOCS, ROOT
from .conftest import fits

#: Attributes by which a page loads something, not leads somewhere.
LOADS = {"script": "src", "img": "src", "iframe": "src", "link": "href", "source": "src"}
#: Links of the head that are never fetched.
NAMES = {"canonical", "prev", "next"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As `make site` builds it, in a folder of its own."""
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "-d", str(folder)],
        cwd=ROOT, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder


class Loaded(HTMLParser):
    """What a page loads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        target = given.get(LOADS.get(tag, ""))
        if target and given.get("rel") not in NAMES:
            self.found.add(target)


def test_every_page_is_built_and_in_the_menu(site: Path) -> None:
    menu = (site / "index.html").read_text("utf-8")
    for page in DOCS.rglob("*.md"):
        built = page.relative_to(DOCS).with_suffix(".html")
        assert (site / built).is_file(), f"{built} was not built"
        assert f'href="{built.as_posix()}"' in menu, f"{built} is not in the menu"
    for name in ("architecture", "contributing", "changelog"):
        assert f'href="{name}.html"' in menu


def test_the_site_asks_nothing_of_the_network(site: Path) -> None:
    for page in site.rglob("*.html"):
        outside = [url for url in Loaded(page.read_text("utf-8")).found if "//" in url]
        assert not outside, f"{page.name} loads {outside}"
    for style in site.rglob("*.css"):
        assert not re.search(r"url\(['\"]?(?:https?:)?//", style.read_text("utf-8")), style.name


def test_every_public_name_is_in_the_reference(site: Path) -> None:
    text = (site / "reference.html").read_text("utf-8")
    assert [name for name in cutaway.__all__ if f'id="cutaway.{name}"' not in text] == []
    assert "doctest: +SKIP" not in text


def test_links_to_pages_above_the_docs_lead_to_them(site: Path) -> None:
    assert 'href="architecture.html"' in (site / "index.html").read_text("utf-8")
    text = (site / "contributing.html").read_text("utf-8")
    assert 'href="architecture.html"' in text
    assert 'href="decisions/index.html"' in text


@pytest.fixture
def opened(browser: Browser) -> Iterator[Page]:
    """A narrow window that is offline; what it says or misses fails the test."""
    context = browser.new_context(offline=True, viewport={"width": 400, "height": 800})
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("requestfailed", lambda request: said.append(request.url))
    yield page
    context.close()
    assert said == []


@pytest.mark.parametrize("name", ["index", "reference", "misleads", "families"])
def test_a_page_fits_a_phone(opened: Page, site: Path, name: str) -> None:
    opened.goto((site / f"{name}.html").as_uri())
    expect(opened.locator("h1").first).to_be_visible()
    fits(opened)


def test_the_search_finds_a_recipe_in_pages_opened_as_files(opened: Page, site: Path) -> None:
    opened.goto((site / "recipes" / "check-a-bias.html").as_uri())
    opened.locator("label.md-header__button[for=__search]").click()
    opened.get_by_role("textbox", name="Search").press_sequentially("induction")
    found = opened.locator(".md-search-result__link", has_text="Find the head that copies").first
    expect(found).to_be_visible()
    found.click()
    expect(opened).to_have_title("Find the head that copies - Cutaway")


def test_docstrings_become_markdown() -> None:
    spec = importlib.util.spec_from_file_location("docstrings", DOCS / "_site" / "docstrings.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    text = "Adds *two*.\n\n>>> add(1)  # doctest: +SKIP\n2\n\na  one `b`\n   of many\nc  d"
    assert module.markdown(text) == (
        "Adds \\*two\\*.\n\n```pycon\n>>> add(1)\n2\n```\n\n"
        "| | |\n|---|---|\n| `a` | one `b` of many |\n| `c` | d |"
    )

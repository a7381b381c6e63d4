"""What is on the attention page's screen, saved as SVG, PNG and CSV."""

from __future__ import annotations

import csv
import io
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from cutaway.render.page import page as page_of
from cutaway.view.spec import Spec

from ..lens.made import WORDS
from .conftest import OpenPage
from .test_attention_heads import kept
from .test_attention_page import picture, ready
from .test_hostile_tokens import PIECES, WHOLE, words

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def spec() -> Spec:
    return picture(split=4)


def saved(page: Page, form: str, folder: Path, which: int = 0) -> Path:
    menu = page.locator(".save-menu:visible").nth(which)
    menu.locator("summary").press("Enter")
    with page.expect_download() as download:
        menu.get_by_role("button", name=form, exact=form != "CSV").click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


@pytest.mark.parametrize("width", [400, 1280])
def test_the_menu_that_saves_lies_in_the_window(
    open_page: OpenPage, spec: Spec, width: int
) -> None:
    page = ready(open_page(page_of(spec), width=width))
    page.locator(".save-menu:visible summary").press("Enter")
    items = page.locator(".save-items:visible button")
    expect(items).to_have_count(3)
    for i in range(3):
        expect(items.nth(i)).to_be_in_viewport(ratio=1)


def test_what_is_on_screen_is_saved(open_page: OpenPage, spec: Spec, tmp_path: Path) -> None:
    fragment = "view=heads&head=1.0&on=0.2&mass=100&at=6&pins=q4.q6"
    page = ready(open_page(page_of(spec), fragment=fragment))
    expect(page.get_by_text("of mass drawn")).to_be_visible()
    drawing = saved(page, "SVG", tmp_path)
    assert drawing.name == "attention-layer1.svg"
    tree = ElementTree.fromstring(drawing.read_text(encoding="utf-8"))
    texts = ["".join(node.itertext()) for node in tree.iter(f"{SVG}text")]
    assert {*WORDS[:8], "head 0", "head 2", "Where it looked: layer 1"} <= set(texts)
    assert "head 1" not in texts
    assert len(list(tree.iter(f"{SVG}path"))) > 8
    assert saved(page, "PNG", tmp_path).read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    text = saved(page, "CSV", tmp_path).read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    found = {(int(r["head"]), int(r["query"]), int(r["key"])): float(r["weight"]) for r in rows}
    weights = kept()[1]
    expected = {
        (h, q, k): float(weights[h, q, k])
        for h in (0, 2) for q in range(8) for k in range(q + 1) if weights[h, q, k] > 0
    }  # fmt: skip
    assert found == pytest.approx(expected)
    assert {int(r["query"]) for r in rows if r["pinned"] == "yes"} == {4, 6}
    assert {r["query_token"] for r in rows} == set(WORDS[:8])


@pytest.mark.parametrize("hostile", [WHOLE, PIECES], ids=["whole", "pieces"])
def test_hostile_tokens_are_text_in_what_is_saved(
    open_page: OpenPage, hostile: tuple[str, ...], tmp_path: Path
) -> None:
    labels = (*words(*hostile)[: len(hostile) + 2], "=1+1")
    spec = picture(len(labels), labels=labels)
    page = ready(open_page(page_of(spec), fragment="head=1.1&form=matrix&at=0"))
    expect(page.get_by_text("Queries down, keys across")).to_be_visible()
    tree = ElementTree.fromstring(saved(page, "SVG", tmp_path).read_text(encoding="utf-8"))
    assert {node.tag for node in tree.iter()} <= {
        SVG + name for name in ("svg", "title", "g", "rect", "path", "text", "image", "clipPath")
    }
    rows = list(csv.reader(io.StringIO(saved(page, "CSV", tmp_path).read_text("utf-8-sig"))))
    tokens = {row[3] for row in rows[1:]}
    assert not any(token.startswith(("=", "+", "-", "@")) for token in tokens)
    assert {token.removeprefix("'") for token in tokens} >= {
        label.removeprefix("'") for label in labels
    }


def test_the_menu_is_worked_by_keyboard(open_page: OpenPage, spec: Spec) -> None:
    page = ready(open_page(page_of(spec)))
    menu = page.locator(".save-menu:visible")
    menu.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(menu.get_by_role("button", name="PNG")).to_be_visible()
    page.keyboard.press("Tab")
    expect(menu.get_by_role("button", name="SVG")).to_be_focused()
    page.keyboard.press("Escape")
    expect(menu.get_by_role("button", name="SVG")).to_be_hidden()
    expect(menu.locator("summary")).to_be_focused()

"""The notebook widget: anywidget's contract, with a model made of a few lines of script."""

from __future__ import annotations

import base64
import gzip

import pytest
from playwright.sync_api import Page, expect

from cutaway.render.bundle import bundle_path
from cutaway.view.spec import Spec
from tests.browser.conftest import OpenPage
from tests.browser.pages import candidates_spec, lens_spec

#: Loads the bundle as a notebook does, and draws a Spec into #cell with a model like anywidget's.
DRAW = """async ({ code, envelope, data }) => {
    const module = await import(URL.createObjectURL(new Blob([code], { type: "text/javascript" })));
    const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
    const values = { envelope, data: new DataView(bytes.buffer) };
    const heard = new Map();
    const model = {
        get: (name) => values[name],
        on: (event, listener) => heard.set(event, listener),
        off: (event) => heard.delete(event),
    };
    window.change = (envelope) => {
        values.envelope = envelope;
        heard.get("change:data")();
    };
    window.clear = module.default.render({ model, el: document.getElementById("cell") });
}"""
NOTEBOOK = "<!doctype html><style>button{display:none}</style><div id='cell'></div>"


def draw(page: Page, spec: Spec) -> None:
    code = bundle_path().read_text("utf-8")
    data = base64.b64encode(spec.data()).decode()
    page.evaluate(DRAW, {"code": code, "envelope": spec.to_json(), "data": data})


def test_it_is_drawn_out_of_reach_of_the_notebook_and_cleared(open_page: OpenPage) -> None:
    page = open_page(NOTEBOOK)
    draw(page, lens_spec())
    expect(page.locator("#cell .cutaway[data-ready]")).to_be_visible()
    expect(page.locator(".readout")).to_contain_text("After layer 29")
    page.get_by_role("button", name="rank", exact=True).click()
    expect(page.locator(".legend")).to_contain_text("log scale")
    page.evaluate("clear()")
    expect(page.locator("#cell .cutaway")).to_have_count(0)


def test_other_data_are_drawn_anew(open_page: OpenPage) -> None:
    page = open_page(NOTEBOOK)
    spec = candidates_spec()
    draw(page, spec)
    expect(page.get_by_role("table", name="What it nearly said")).to_be_visible()
    renamed = Spec(spec.kind, {**spec.header, "heading": "Once more"}, spec.arrays)
    page.evaluate("(envelope) => change(envelope)", renamed.to_json())
    expect(page.get_by_role("table", name="Once more")).to_be_visible()
    expect(page.locator("#cell table")).to_have_count(1)


@pytest.mark.parametrize(
    ("attribute", "colour"),
    [("data-jp-theme-light='false'", "rgb(20, 22, 26)"),
     ("data-jp-theme-light='true'", "rgb(251, 250, 247)"),
     ("data-vscode-theme-kind='vscode-dark'", "rgb(20, 22, 26)")],
)  # fmt: skip
def test_the_notebooks_theme_wins_over_the_systems(
    open_page: OpenPage, attribute: str, colour: str
) -> None:
    page = open_page(f"<!doctype html><body {attribute}><div id='cell'></div>")
    draw(page, candidates_spec())
    expect(page.locator(".cutaway")).to_have_css("background-color", colour)


def test_the_bundle_is_small_and_can_stand_in_a_page() -> None:
    code = bundle_path().read_bytes()
    assert len(gzip.compress(code)) < 60_000
    assert b"</script" not in code
    assert b"<!--" not in code

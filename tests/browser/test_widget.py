"""The notebook widget: anywidget's contract, with a model made of a few lines of script."""

from __future__ import annotations

import base64
import gzip
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from cutaway.app.attention import attention
from cutaway.core.errors import MissingError
from cutaway.render import widget as front
from cutaway.render.bundle import bundle_path
from cutaway.render.widget import Answer, widget
from cutaway.view.spec import Spec
from tests.browser.conftest import OpenPage
from tests.browser.pages import candidates_spec, lens_spec
from tests.lens.fakes import attention_trace

#: Loads the bundle as a notebook does, and draws a Spec into #cell with a model like anywidget's.
#: What it asks of Python goes to `window.kernel`, where the page has one.
DRAW = """async ({ loader, code, envelope, data, size, answers }) => {
    const from = URL.createObjectURL(new Blob([loader], { type: "text/javascript" }));
    const module = await import(from);
    const view = (text) =>
        new DataView(Uint8Array.from(atob(text), (character) => character.charCodeAt(0)).buffer);
    const values = { envelope, data: view(data), size, answers, front: "IPY_MODEL_front" };
    const held = { get: (name) => ({ code })[name] };
    const widget_manager = { get_model: async (id) => (id === "front" && code ? held : fail(id)) };
    const fail = (id) => { throw Error(`${id} not found`); };
    const heard = new Map();
    const send = async (question) => {
        const [content, buffers] = await window.kernel(question);
        heard.get("msg:custom")(content, buffers.map(view));
    };
    const model = {
        send,
        widget_manager,
        get: (name) => values[name],
        on: (event, listener) => heard.set(event, listener),
        off: (event) => heard.delete(event),
    };
    window.change = (envelope) => {
        values.envelope = envelope;
        heard.get("change:data")();
    };
    window.clear = await module.default.render({ model, el: document.getElementById("cell") });
}"""
NOTEBOOK = "<!doctype html><style>button{display:none}</style><div id='cell'></div>"


def draw(page: Page, spec: Spec, answer: Answer | None = None, *, whole: bool = True) -> None:
    """The widget as Python made it, drawn by the page and answered by its Python.

    whole  whether the notebook holds the hidden widget with the front end
    """
    made = widget(spec, answer)

    def kernel(question: dict[str, Any]) -> list[Any]:
        told: list[Any] = []
        made.send = lambda content, buffers=(): told.append((content, buffers))
        made._handle_custom_msg(question, [])
        [(content, buffers)] = told
        return [content, [base64.b64encode(buffer).decode() for buffer in buffers]]

    if answer or made.size > len(made.data):
        page.expose_function("kernel", kernel)
    state = {"envelope": made.envelope, "answers": made.answers, "size": made.size}
    data = base64.b64encode(made.data).decode()
    state |= {"loader": made._esm, "code": made.front.code if whole else ""}
    page.evaluate(DRAW, {"data": data} | state)


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
    expect(page.get_by_role("table", name="What it nearly said")).to_have_count(0)
    expect(page.locator("#cell .cutaway")).to_have_count(1)


def test_the_front_end_is_evaluated_once_for_all_widgets(open_page: OpenPage) -> None:
    count = "const make = URL.createObjectURL; window.made = [];"
    count += "URL.createObjectURL = (blob) => { made.push(blob.size); return make(blob); };"
    page = open_page(NOTEBOOK, before=count)
    draw(page, candidates_spec())
    expect(page.locator("#cell .cutaway[data-ready]")).to_be_visible()
    page.evaluate("() => { clear(); document.getElementById('cell').remove(); }")
    page.evaluate(
        "document.body.append(Object.assign(document.createElement('div'), {id: 'cell'}))"
    )
    draw(page, lens_spec())
    expect(page.locator("#cell .cutaway[data-ready]")).to_be_visible()
    small, large, again = page.evaluate("made")
    assert small == again < 2_000 < large == bundle_path().stat().st_size


def test_a_notebook_without_the_front_end_says_so(open_page: OpenPage) -> None:
    page = open_page(NOTEBOOK)
    draw(page, candidates_spec(), whole=False)
    expect(page.locator("#cell")).to_contain_text("Run the cell again")


class Asked:
    """An attention view, and the questions that its picture asked."""

    def __init__(self) -> None:
        self.view = attention(attention_trace(n_layers=2, H=3, K=3, T=12))
        self.questions: list[dict[str, Any]] = []

    def answer(self, question: dict[str, Any]) -> Any:
        self.questions.append(question)
        if question["head"] == 1:
            raise MissingError("the model", because="this trace is a saved one", fix="attach it")
        return self.view.answer(question)


def test_heads_are_asked_for_when_they_are_looked_at(open_page: OpenPage) -> None:
    asked = Asked()
    page = open_page(NOTEBOOK)
    draw(page, asked.view._live_spec, asked.answer)
    expect(page.locator("#cell .cutaway[data-ready]")).to_be_visible()
    expect(page.get_by_text("% of mass drawn")).to_be_visible()
    assert asked.questions == []  # those of the opening layer are there
    opened = int(np.argwhere(asked.view._live_spec.arrays["place"][:, 0] >= 0)[0, 0])
    grid = page.get_by_role("application", name="6 heads")
    other = 1 - opened
    for head, key in enumerate(("Home", "ArrowRight", "ArrowRight")):
        grid.press(key)
        if other == 1 and head == 0:
            grid.press("ArrowDown")
        grid.press("Enter")
        title = page.get_by_role("heading", name=f"Layer {other}, head {head}", exact=True)
        expect(title).to_be_visible()
        problem = page.locator(".problem")
        if head == 1:
            expect(problem).to_contain_text("missing the model: this trace is a saved one")
        else:
            expect(problem).to_have_count(0)
            expect(page.get_by_text("% of mass drawn")).to_be_visible()
    assert {(q["what"], q["layer"], q["head"]) for q in asked.questions} == {
        ("head", other, head) for head in range(3)
    }


@pytest.mark.parametrize(
    ("attribute", "colour"),
    [("data-jp-theme-light='false'", "rgb(20, 22, 26)"),
     ("data-jp-theme-light='true'", "rgb(251, 250, 247)"),
     ("data-vscode-theme-kind='vscode-dark'", "rgb(20, 22, 26)"),
     ("data-theme='dark'", "rgb(20, 22, 26)")],
)  # fmt: skip
def test_the_notebooks_theme_wins_over_the_systems(
    open_page: OpenPage, attribute: str, colour: str
) -> None:
    page = open_page(f"<!doctype html><body {attribute}><div id='cell'></div>")
    draw(page, candidates_spec())
    expect(page.locator(".cutaway")).to_have_css("background-color", colour)


def test_the_theme_is_followed_when_the_notebook_changes_it(open_page: OpenPage) -> None:
    page = open_page("<!doctype html><body data-theme='dark'><div id='cell'></div>")
    draw(page, candidates_spec())
    for theme in ("light", "dark"):
        page.evaluate("(theme) => { document.body.dataset.theme = theme; }", theme)
        expect(page.locator(".cutaway")).to_have_attribute("data-scheme", theme)


def test_a_large_picture_is_asked_for_in_parts(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(front, "PART", 10_000)
    page = open_page(NOTEBOOK)
    draw(page, lens_spec(n_positions=40))
    expect(page.locator("#cell .cutaway[data-ready]")).to_be_visible()
    expect(page.locator(".readout")).to_contain_text("After layer 29")


def test_the_bundle_is_small_and_can_stand_in_a_page() -> None:
    code = bundle_path().read_bytes()
    assert len(gzip.compress(code)) < 250_000
    assert b"</script" not in code
    assert b"<!--" not in code

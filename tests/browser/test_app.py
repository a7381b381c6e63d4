"""The app of `cutaway serve` from beginning to end: a real server, a real browser, a tiny model."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from .conftest import holds
from .served import Served, saved_model

PROMPT = "The keys to the cabinet"
OTHER = "The key to the cabinets"
#: Milliseconds: a server imports much when it starts, and with the first picture of a kind.
STARTS = 120_000
EMPTY = """async () => {
  const { runs } = await (await fetch("/api/runs")).json();
  for (const { id } of runs) await fetch(`/api/runs/${id}`, { method: "DELETE" });
}"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One server for all: it takes long to start."""
    folder = tmp_path_factory.mktemp("served")
    server = Served(saved_model(folder / "model"), folder / "runs")
    yield server
    assert "Traceback" not in server.stop()


@pytest.fixture
def page(browser: Browser, served: Served) -> Iterator[Page]:
    """The app without runs; it may say nothing on the console, and ask nobody but its server."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(served.url)
    expect(page.locator(".app-model")).to_contain_text("ready", timeout=STARTS)
    page.evaluate(EMPTY)
    yield page
    context.close()
    # That a server is gone, or knows us no more, the browser says by itself.
    assert [words for words in said if not words.startswith("Failed to load resource")] == []
    assert [url for url in asked if not url.startswith((served.origin, "blob:"))] == []


def run(page: Page, prompt: str, more: int = 6) -> None:
    """Write a prompt, press Enter, wait for its first picture."""
    page.get_by_role("textbox", name="Prompt").fill(prompt)
    page.get_by_role("spinbutton", name="tokens to add").fill(str(more))
    before = page.url
    page.get_by_role("textbox", name="Prompt").press("Enter")
    expect(page).not_to_have_url(before)
    expect(page.get_by_role("link", name="Open the report")).to_be_visible(timeout=STARTS)
    drawn(page, "logit_lens")


def drawn(page: Page, kind: str) -> None:
    """Wait for a picture of a kind."""
    expect(page.locator(f"[data-drawn={kind}] .card").first).to_be_visible(timeout=STARTS)


def screen(page: Page, name: str) -> None:
    page.get_by_label("Screens").get_by_role("link", name=name, exact=True).click()


def test_the_chosen_column_is_shown_before_the_rest(page: Page):
    """While the whole lens is held up, what is looked at first is there and says the same."""
    held: list[Route] = []
    page.route(re.compile(r"/views/logit_lens$"), lambda route: held.append(route))
    page.get_by_role("textbox", name="Prompt").fill(PROMPT)
    page.get_by_role("spinbutton", name="tokens to add").fill("6")
    with page.expect_request(re.compile(r"/views/logit_lens$"), timeout=STARTS):
        page.get_by_role("textbox", name="Prompt").press("Enter")
    expect(page.locator(".app-picture canvas").first).to_be_visible()
    expect(page.locator(".app-waiting")).to_contain_text("Computing")
    expect(page.locator("[data-drawn]")).to_have_count(0)
    said = page.locator(".app-picture .card").first.inner_text()
    assert "the model says" in said
    held[0].continue_()
    drawn(page, "logit_lens")
    expect(page.locator(".app-waiting")).to_have_count(0)
    assert page.locator(".app-picture .card").first.inner_text() == said


def test_the_whole_way(page: Page, served: Served):
    run(page, PROMPT)
    expect(page.locator(".app-stream .token")).to_have_count(6)
    expect(page.locator(".app-stream small").first).to_contain_text("%")

    page.get_by_role("link", name="Open the report").click()
    drawn(page, "report")
    report = page.url
    page.get_by_label("Lenses").get_by_role("link", name="Saliency").click()
    drawn(page, "saliency")

    page.get_by_role("button", name="Name and tags").click()
    page.get_by_role("textbox", name="name", exact=True).fill("the keys")
    page.get_by_role("textbox", name="tag, then Enter").fill("grammar")
    page.get_by_role("textbox", name="tag, then Enter").press("Enter")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="the keys")).to_be_visible()

    screen(page, "Prompt")
    run(page, OTHER)
    screen(page, "Runs")
    expect(page.locator(".app-run")).to_have_count(2)
    for box in page.get_by_role("checkbox").all():
        box.check()
    page.get_by_role("link", name="Compare the two").click()
    drawn(page, "compare")
    compared = page.url

    served.stop()
    expect(page.locator(".app-banner")).to_contain_text("does not answer")
    served.start()
    # The cookie was of the server before: the address that is printed lets in again.
    expect(page.locator(".app-banner")).to_contain_text("Open the address")
    page.goto(served.url)
    screen(page, "Runs")
    page.get_by_role("button", name="grammar").click()
    expect(page.locator(".app-run")).to_have_count(1)
    expect(page.get_by_role("link", name="the keys")).to_be_visible()
    page.goto(compared)
    drawn(page, "compare")
    page.goto(report)
    drawn(page, "report")


def state(page: Page) -> str:
    """The state of the job that the address names."""
    return str(
        page.evaluate(
            """async () => {
              const id = new URLSearchParams(location.search).get("job");
              return (await (await fetch(`/api/jobs/${id}`)).json()).state;
            }"""
        )
    )


def begin_long(page: Page) -> None:
    page.get_by_role("textbox", name="Prompt").fill(PROMPT)
    page.get_by_role("spinbutton", name="tokens to add").fill("4000")
    page.get_by_role("textbox", name="Prompt").press("Enter")
    expect(page.locator(".app-stream .token").first).to_be_visible()


def test_work_is_cancelled(page: Page):
    begin_long(page)
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator(".app-progress")).to_contain_text("Cancelled")
    assert state(page) == "cancelled"
    expect(page.get_by_role("link", name="Open the report")).to_have_count(0)
    screen(page, "Runs")
    expect(page.locator(".app-empty")).to_contain_text("There is no run yet")


def test_work_goes_on_while_one_looks_around_and_over_a_reload(page: Page):
    begin_long(page)
    screen(page, "Models")
    expect(page.locator(".app-running")).to_contain_text("running")
    page.locator(".app-running a").click()
    expect(page.get_by_role("textbox", name="Prompt")).to_have_value(PROMPT)
    page.reload()
    expect(page.locator(".app-stream .token").first).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator(".app-progress")).to_contain_text("Cancelled")


def test_work_that_nobody_watches_is_cancelled(page: Page, served: Served):
    begin_long(page)
    other = page.context.new_page()
    other.goto(page.url.replace("/?", "/models?"))
    page.close()
    # Who asks for the job itself counts as one who watches.
    holds(
        other,
        "async () => (await (await fetch('/api/state')).json()).models.every(({ busy }) => !busy)",
    )
    assert state(other) == "cancelled"


def test_traces_go_out_and_come_in(page: Page, tmp_path: Path):
    run(page, PROMPT, more=0)
    screen(page, "Runs")
    with page.expect_download() as saved:
        page.get_by_role("link", name="Download").click()
    path = tmp_path / "mine.trace"
    saved.value.save_as(path)
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete it").click()
    expect(page.locator(".app-empty")).to_contain_text("There is no run yet")

    broken = tmp_path / "broken.trace"
    broken.write_bytes(path.read_bytes()[:1000])
    page.locator("input[type=file]").set_input_files([path, broken])
    expect(page.get_by_role("link", name="mine")).to_be_visible()
    expect(page.locator(".app-uploads .problem")).to_contain_text("broken.trace")
    expect(page.locator(".app-run")).to_have_count(1)


def test_the_explorer_grows_and_its_page_is_saved(page: Page, tmp_path: Path):
    screen(page, "Explore")
    page.get_by_role("textbox", name="A text begins with").fill(PROMPT)
    page.get_by_role("textbox", name="A text begins with").press("Enter")
    drawn(page, "explore")
    page.locator(".explore-line").first.click()
    expect(page.get_by_role("treeitem")).to_have_count(2)
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save page").click()
    assert "cutaway-spec" in Path(saved.value.path()).read_text("utf-8")
    page.reload()
    expect(page.get_by_role("treeitem")).to_have_count(2)
    page.get_by_role("treeitem").nth(1).locator(".explore-node").click()
    picked = page.get_by_role("group", name="The text so far").locator(".token").count()
    page.get_by_role("button", name="Open in the report").click()
    drawn(page, "report")
    expect(page.locator(".app-run-head")).to_contain_text(f"{picked} tokens, 1 of them said")

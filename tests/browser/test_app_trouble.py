"""The app when something is amiss, and what it carries along: refusals, lost servers, addresses."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import expect

from .fakeserver import HOSTILE, ORIGIN, SILENCE, STATE, FakeServer, model, run
from .screens import RUN, Open, events, job


def test_a_full_queue_is_asked_again_by_itself(open_app: Open, server: FakeServer):
    full = (429, {"problem": "full"}, {"Retry-After": "1"})
    answers = iter([full, (202, {"job": "ab"})])
    server.answers["POST /api/runs"] = lambda _: next(answers)
    server.answers["GET /api/jobs/ab/events"] = events(("end", job()))
    page = open_app("/")
    page.get_by_role("button", name="The keys to the cabinet").click()
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_text("asked again in 1 s")).to_be_visible()
    expect(page.get_by_role("link", name="Open the report")).to_be_visible()


def test_what_is_refused_is_said_where_it_was_asked(open_app: Open, server: FakeServer):
    server.answers["POST /api/runs"] = (422, {"problem": "text must not be empty"})
    page = open_app("/")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator("main .problem")).to_have_text("text must not be empty")


def test_a_server_that_is_gone_is_waited_for_and_nothing_is_lost(
    open_app: Open, server: FakeServer
):
    page = open_app("/")
    expect(page.locator(".app-latest")).to_be_visible()
    page.get_by_role("textbox", name="Prompt").fill("kept")
    server.gone = True
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator(".app-banner")).to_contain_text("does not answer")
    page.get_by_label("Screens").get_by_role("link", name="Runs").click()
    expect(page.get_by_role("heading", name="Runs")).to_be_visible()
    server.gone = False
    expect(page.locator(".app-run")).to_have_count(3)
    expect(page.locator(".app-banner")).to_be_empty()
    page.go_back()
    expect(page.get_by_role("textbox", name="Prompt")).to_have_value("kept")
    page.reload()
    expect(page.get_by_role("textbox", name="Prompt")).to_have_value("kept")


def test_a_picture_that_fails_is_asked_again(open_app: Open, server: FakeServer):
    asked = f"GET /api/runs/{RUN}/views/saliency"
    server.answers[asked] = (409, {"problem": "the model is not there"})
    page = open_app(f"/runs/{RUN}/saliency")
    expect(page.locator(".app-picture .problem")).to_contain_text("the model is not there")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".app-picture .problem")).to_be_visible()
    assert len([path for _, path, _ in server.asked if path.endswith("/views/saliency")]) == 2


def test_a_picture_that_takes_long_says_how_far_it_is(open_app: Open, server: FakeServer):
    server.answers[f"GET /api/runs/{RUN}/views/saliency"] = SILENCE
    at = model("smol", busy=True, what="differentiating", done=3, total=9)
    server.answers["GET /api/state"] = {**STATE, "models": [at]}
    page = open_app(f"/runs/{RUN}/saliency")
    waiting = page.locator(".app-waiting")
    expect(waiting).to_contain_text("differentiating 3 of 9")
    waiting.get_by_role("button", name="Cancel").click()
    expect(page.locator(".app-picture .problem")).to_contain_text("it was cancelled")


def test_a_page_that_can_not_be_saved_says_why(open_app: Open, server: FakeServer):
    path = f"/api/runs/{RUN}/page/logit_lens"
    server.answers[f"GET {path}"] = (409, {"problem": "the model is not there"})
    page = open_app(f"/runs/{RUN}/logit_lens")
    page.get_by_role("button", name="Save page").click()
    expect(page.locator(".app-save .problem")).to_have_text("the model is not there")
    server.answers[f"GET {path}"] = b"<!doctype html>"
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save page").click()
    assert re.fullmatch(r"mine [\w ]+\.html", saved.value.suggested_filename)


def test_a_trace_that_is_dropped_is_taken_in(open_app: Open, server: FakeServer):
    def taken(query: Any) -> Any:
        server.runs.insert(0, run(77, name=query["name"][0]))
        return 201, server.runs[0]

    server.answers["PUT /api/runs"] = taken
    page = open_app("/runs")
    expect(page.locator(".app-run")).to_have_count(3)
    page.evaluate(
        """() => {
          const held = new DataTransfer();
          held.items.add(new File(["x"], "dropped.trace"));
          const told = { dataTransfer: held, bubbles: true, cancelable: true };
          document.querySelector(".app-runs").dispatchEvent(new DragEvent("drop", told));
        }"""
    )
    expect(page.get_by_role("link", name="dropped")).to_be_visible()
    expect(page.get_by_text("dropped.trace is in the list")).to_be_visible()


def test_the_selection_goes_along_to_the_next_lens_and_back(open_app: Open):
    page = open_app(f"/runs/{RUN}/logit_lens#at=3&layer=12&mode=rank")
    expect(page.locator("[data-drawn=logit_lens]")).to_be_visible()
    page.get_by_label("Lenses").get_by_role("link", name="Race").click()
    expect(page).to_have_url(f"{ORIGIN}/runs/{RUN}/watch#at=3&layer=12")
    page.go_back()
    expect(page).to_have_url(f"{ORIGIN}/runs/{RUN}/logit_lens#at=3&layer=12&mode=rank")
    expect(page.locator(".token.is-chosen")).to_have_text("·France")


def test_arguments_are_part_of_the_address(open_app: Open, server: FakeServer):
    page = open_app(f"/runs/{RUN}/watch")
    page.get_by_role("textbox", name="tokens").fill(" is\n are")
    page.get_by_role("button", name="Compute").click()
    expect(page).to_have_url(f"{ORIGIN}/runs/{RUN}/watch?tokens=+is&tokens=+are")
    expect(page.get_by_role("textbox", name="tokens")).to_have_value(" is\n are")


def test_two_runs_are_picked_to_be_compared(open_app: Open):
    page = open_app("/compare")
    page.locator(".app-picker").nth(0).get_by_role("button", name="land 1").click()
    page.locator(".app-picker").nth(1).get_by_role("button", name="land 2").click()
    expect(page).to_have_url(f"{ORIGIN}/compare?a={run(1)['id']}&b={run(2)['id']}")
    expect(page.get_by_role("button", name="Save page")).to_be_visible()


def test_models_are_added_and_taken_out(open_app: Open, server: FakeServer):
    server.answers["POST /api/models"] = (422, {"problem": f"{HOSTILE} is no model"})
    page = open_app("/models")
    page.get_by_label("hub id").fill("x/y")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("alert")).to_contain_text("is no model")
    server.answers["POST /api/models"] = (202, {"key": "new"})
    grown = STATE | {"models": [*STATE["models"], model("new", "waiting", bytes=0)]}
    server.answers["GET /api/state"] = grown
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_text("waits to be loaded")).to_be_visible()
    server.answers["DELETE /api/models/new"] = {}
    server.answers["GET /api/state"] = STATE
    page.get_by_role("button", name="Take off the list: org/new").click()
    expect(page.get_by_role("button", name="Take off the list: org/new")).to_have_count(0)


def test_the_chosen_colours_stay(open_app: Open):
    page = open_app("/runs")
    page.get_by_role("button", name="Theme").click()
    expect(page.locator(".app")).to_have_attribute("data-scheme", "dark")
    page.reload()
    expect(page.locator(".app")).to_have_attribute("data-scheme", "dark")

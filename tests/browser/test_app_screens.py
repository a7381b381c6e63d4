"""Each screen of the app, with an API made by hand: what it shows, says and survives."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import expect

from .conftest import fits
from .fakeserver import HOSTILE, ORIGIN, STATE, FakeServer, model, run
from .screens import RUN, SCREENS, Open, events, job
from .test_accessibility import faults


@pytest.mark.parametrize("path", SCREENS)
def test_axe_finds_no_serious_fault(open_app: Open, path: str):
    page = open_app(path)
    expect(page.locator(SCREENS[path]).first).to_be_visible()
    assert faults(page) == []


@pytest.mark.parametrize("path", SCREENS)
def test_a_narrow_dark_window_is_enough(open_app: Open, path: str):
    page = open_app(path, dark=True, width=400)
    expect(page.locator(SCREENS[path]).first).to_be_visible()
    fits(page)
    assert faults(page) == []


def test_what_others_named_is_text(open_app: Open, server: FakeServer):
    server.answers["GET /api/state"] = STATE | {"models": [model(HOSTILE, name=HOSTILE)]}
    page = open_app()
    for path in ("/", "/?job=ab", "/runs", f"/runs/{RUN}/logit_lens", "/models", "/compare"):
        page.goto(ORIGIN + path)
        expect(page.get_by_text("<script>", exact=False).first).to_be_attached()
        assert page.locator(".app :is(img, script)").count() == 0
        assert page.title() != "taken"


def test_ten_thousand_runs_are_turned_over_in_pages(open_app: Open, server: FakeServer):
    server.runs = [run(number, tags=["odd"] if number % 2 else []) for number in range(10_000)]
    page = open_app("/runs")
    expect(page.locator(".app-run")).to_have_count(50)
    expect(page.get_by_text("10,000 runs, 1 to 50 shown")).to_be_visible()
    page.get_by_role("button", name="Last »").click()
    expect(page.get_by_role("link", name="The capital of land 9999 is")).to_be_visible()
    expect(page).to_have_url(f"{ORIGIN}/runs?page=200")
    page.get_by_role("searchbox").fill("land 777")
    expect(page.get_by_text("11 runs")).to_be_visible()
    page.get_by_role("button", name="odd").first.click()
    expect(page).to_have_url(f"{ORIGIN}/runs?search=land+777&tag=odd")
    page.get_by_role("link", name="The capital of land 777 is").click()
    page.go_back()
    expect(page.get_by_role("searchbox")).to_have_value("land 777")
    page.get_by_role("searchbox").fill("nothing such")
    page.get_by_role("button", name="Show all").click()
    expect(page.get_by_text("10,000 runs, 1 to 50 shown")).to_be_visible()


def test_a_page_beyond_the_last_is_the_last(open_app: Open):
    page = open_app("/runs?page=900")
    expect(page.locator(".app-run")).to_have_count(3)


def test_a_run_is_renamed_and_tagged_by_the_keyboard(open_app: Open, server: FakeServer):
    changed = server.runs[1] | {"name": "new", "tags": ["a, b"]}
    server.answers[f"PATCH /api/runs/{changed['id']}"] = changed
    page = open_app("/runs")
    page.get_by_role("button", name="Edit").nth(1).press("Enter")
    expect(page.get_by_role("textbox", name="name", exact=True)).to_be_focused()
    page.keyboard.type("new")
    page.keyboard.press("Tab")
    page.keyboard.type("a, b")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="remove the tag a, b")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="new", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Edit").nth(1)).to_be_focused()
    sent = [body for method, _, body in server.asked if method == "PATCH"]
    assert [json.loads(body) for body in sent] == [{"name": "new", "tags": ["a, b"]}]


def test_a_run_is_deleted_only_when_it_is_said_twice(open_app: Open, server: FakeServer):
    def deleted(_: Any) -> Any:
        server.runs.pop(1)
        return {}

    server.answers[f"DELETE /api/runs/{server.runs[1]['id']}"] = deleted
    page = open_app("/runs")
    page.get_by_role("button", name="Delete").nth(1).click()
    expect(page.get_by_role("button", name="Keep it")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Delete").nth(1)).to_be_focused()
    assert len(server.runs) == 3
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Delete it").click()
    expect(page.locator(".app-run")).to_have_count(2)


def test_tokens_stream_in_and_then_the_lens_is_there(open_app: Open, server: FakeServer):
    told = job(1_000, state="running", run=None)
    tokens = [("token", token) for token in told.pop("tokens")]
    end = ("end", told | {"state": "done", "run": RUN})
    server.answers |= {
        "POST /api/runs": (202, {"job": "ab"}),
        "GET /api/jobs/ab/events": events(("state", told), *tokens, end),
    }
    page = open_app("/")
    page.get_by_role("textbox", name="Prompt").fill("one\ntwo")
    page.get_by_role("textbox", name="Prompt").press("Enter")
    expect(page.locator(".app-stream .token")).to_have_count(1_000)
    expect(page.locator("[data-drawn=logit_lens]")).to_be_visible()
    expect(page).to_have_url(f"{ORIGIN}/?job=ab")
    fits(page)
    (sent,) = [json.loads(body) for method, _, body in server.asked if method == "POST"]
    assert sent == {
        "model": "smol", "text": "one\ntwo", "chat": False, "generate": True, "max_new_tokens": 20,
        "temperature": None, "top_k": None, "top_p": None, "seed": None, "name": None, "tags": [],
    }  # fmt: skip

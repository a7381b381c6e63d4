"""The walk as a saved page: steps by button and key, the map, the matrices, the x-ray."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

import cutaway as ct
from cutaway.core.numbers import quantity
from cutaway.render.page import page as page_of
from tests.models import tiny

from .conftest import OpenPage, ready


@pytest.fixture(scope="module")
def spec():
    lm = ct.wrap(*tiny("llama"))
    trace = lm.generate("The keys to the cabinet", max_new_tokens=3, temperature=1.0, top_k=20)
    return ct.walk(trace, at=trace.n_prompt, layer=1).spec


def titled(page, title: str):
    expect(page.locator(".walk-title")).to_have_text(title)


def test_steps_go_on_by_button_and_by_key_and_the_address_keeps_the_step(open_page: OpenPage, spec):
    page = ready(open_page(page_of(spec)))
    titles = [step["title"] for step in spec.header["steps"]]
    titled(page, titles[0])
    expect(page.get_by_role("button", name="← back")).to_be_disabled()
    following = page.get_by_role("button", name="next →")
    following.click()
    titled(page, titles[1])
    following.focus()
    page.keyboard.press("ArrowRight")
    titled(page, titles[2])
    page.keyboard.press("End")
    titled(page, titles[-1])
    expect(following).to_be_disabled()
    expect(following).to_be_focused()
    expect(page).to_have_url(re.compile(f"#step={len(titles) - 1}$"))
    page.reload()
    titled(ready(page), titles[-1])


def test_the_map_goes_to_a_part_and_shows_where_one_is(open_page: OpenPage, spec):
    page = ready(open_page(page_of(spec)))
    stack = page.get_by_role("navigation", name="Where in the model")
    expect(stack.get_by_role("button", name="embedding", exact=True)).to_have_attribute(
        "aria-current", "step"
    )
    stack.get_by_role("button", name="MLP").click()
    first = next(s for s in spec.header["steps"] if s["stage"] == "mlp")
    titled(page, first["title"])
    expect(stack.get_by_role("button", name="MLP")).to_have_attribute("aria-current", "step")


def test_an_input_is_a_link_to_its_step(open_page: OpenPage, spec):
    names = [step["name"] for step in spec.header["steps"]]
    page = ready(open_page(page_of(spec), fragment=f"step={names.index('neurons')}"))
    page.locator(".walk-inputs").get_by_role("button", name="gate").press("Enter")
    titled(page, spec.header["steps"][names.index("gate")]["title"])
    expect(page.locator(".walk-title")).to_be_focused()  # the button is gone, the keyboard is not


def test_the_numbers_are_read_with_the_arrow_keys(open_page: OpenPage, spec):
    page = ready(open_page(page_of(spec), fragment="step=1"))
    value = spec.arrays["step:entering"][1]
    page.locator(".walk-step .grid").focus()
    page.keyboard.press("ArrowRight")
    printed = quantity(float(value)).replace("-", "−", 1)
    expect(page.locator(".walk-step > .about").last).to_have_text(f"entering[1] = {printed}")


def test_the_weights_have_their_mask_and_all_rows(open_page: OpenPage, spec):
    names = [step["name"] for step in spec.header["steps"]]
    page = ready(open_page(page_of(spec), fragment=f"step={names.index('weights')}"))
    matrices = page.locator(".walk-matrix")
    expect(matrices).to_have_count(2)
    mask = matrices.nth(0)
    mask.locator(".grid").focus()
    page.keyboard.press("End")
    expect(mask.locator(".about")).to_contain_text("is masked: it may not be seen")
    matrices.nth(1).get_by_label("Head", exact=True).select_option("2")
    expect(matrices.nth(1).locator(".grid")).to_have_attribute("aria-label", re.compile("head 2"))


def test_a_crossing_of_the_xray_names_the_call_that_walks_there(open_page: OpenPage, spec):
    page = ready(open_page(page_of(spec)))
    xray = page.locator(".card", has_text="X-ray of the whole stack")
    expect(xray.locator(".about").last).to_contain_text("walked through above")
    xray.locator(".grid").focus()
    page.keyboard.press("ArrowUp")
    expect(xray.locator(".about").last).to_contain_text(
        f"ct.walk(trace, at={spec.header['at']}, layer={spec.header['layer'] + 1})"
    )

"""The saliency and its deletion curve as saved pages."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from cutaway.core.numbers import percent
from cutaway.lens.deletion import deletion
from cutaway.lens.saliency import saliency
from cutaway.render.page import page as page_of
from cutaway.view.kinds import spec_of
from cutaway.view.spec import Spec

from .conftest import OpenPage, fits

TEXT = "The keys to the cabinet are on"


@pytest.fixture(scope="module")
def trace(tiny_lm):
    return tiny_lm.generate(TEXT, max_new_tokens=4)


@pytest.fixture(scope="module")
def spec(trace) -> Spec:
    return spec_of(saliency(trace, targets=range(trace.n_prompt, trace.n_positions + 1)))


def ready(page: Page) -> Page:
    expect(page.locator(".cutaway[data-ready]")).to_be_visible()
    return page


def heading(page: Page):
    return page.locator(".readout").get_by_role("heading")


def test_the_readout_explains_the_chosen_target(open_page: OpenPage, spec):
    page = ready(open_page(page_of(spec)))
    expect(heading(page)).to_have_text(f"Why {spec.header['explained'][-1]}?")
    shares = spec.arrays["share"][-1]
    best = int(np.nanargmax(shares))
    first = page.locator(".share-line").first
    expect(first.locator("code")).to_have_text(spec.header["inputs"][best])
    expect(first.locator(".share-of")).to_have_text(f"at {best}")
    expect(first.locator(".amount").first).to_have_text(percent(float(shares[best])))


def test_arrow_keys_go_from_target_to_target_and_enter_pins(open_page: OpenPage, spec):
    page = ready(open_page(page_of(spec)))
    T = len(spec.header["inputs"])
    page.locator(".token[aria-selected=true]").focus()
    page.keyboard.press("ArrowLeft")
    expect(heading(page)).to_have_text(f"Why {spec.header['explained'][-2]}?")
    expect(page).to_have_url(re.compile(f"#at={T - 1}$"))
    page.keyboard.press("Home")
    expect(heading(page)).to_have_text(f"Why {spec.header['explained'][0]}?")
    page.keyboard.press("Enter")
    expect(page.locator(".strip")).to_have_class(re.compile("is-pinned"))
    page.locator(".token").nth(T - 1).hover()
    expect(heading(page)).to_have_text(f"Why {spec.header['explained'][0]}?")
    page.keyboard.press("Escape")
    page.locator(".token").nth(T - 2).hover()
    expect(heading(page)).to_have_text(f"Why {spec.header['explained'][-3]}?")


def test_a_token_that_was_only_read_explains_nothing(open_page: OpenPage, spec):
    page = ready(open_page(page_of(spec)))
    page.locator(".token").first.click()
    expect(heading(page)).to_have_text(f"Why {spec.header['explained'][-1]}?")


def test_percentages_stand_under_the_tokens(open_page: OpenPage, spec):
    page = ready(open_page(page_of(spec), fragment="detail=yes"))
    shares = [percent(float(share)) for share in spec.arrays["share"][-1]]
    expect(page.locator(".token small")).to_have_text(shares)


def test_pieces_are_merged_into_words(open_page: OpenPage, spec):
    page = ready(open_page(page_of(spec), fragment="unit=words&detail=yes"))
    expect(page.locator(".token")).to_have_count(len(set(spec.header["words"])) + 1)
    page.get_by_role("button", name="tokens", exact=True).click()
    expect(page.locator(".token")).to_have_count(len(spec.header["inputs"]) + 1)


def test_all_targets_at_once(open_page: OpenPage, spec):
    page = ready(open_page(page_of(spec)))
    page.get_by_role("button", name="all targets").click()
    grid = page.locator(".grid")
    expect(grid).to_be_visible()
    grid.focus()
    page.keyboard.press("ArrowUp")
    expect(heading(page)).to_have_text(f"Why {spec.header['explained'][-2]}?")


def test_the_terms_are_on_the_page(open_page: OpenPage, spec):
    page = ready(open_page(page_of(spec)))
    for _, words in spec.header["terms"]:
        expect(page.get_by_text(words, exact=True).first).to_be_visible()


def test_what_did_not_converge_wears_a_badge(open_page: OpenPage, trace):
    answer = saliency(trace, targets=[5], method="integrated_gradients", steps=6)
    answer["gap"][:], answer["moved"][:] = 0.42, 0.031
    page = ready(open_page(page_of(spec_of(answer))))
    expect(page.locator(".badge.is-bad")).to_have_text(
        "not converged: gap 42.0 %, a score moved 3.10 %"
    )


def test_the_deletion_curve_follows_the_arrow_keys(open_page: OpenPage, trace):
    spec = spec_of(deletion(trace, saliency(trace)))
    page = ready(open_page(page_of(spec)))
    expect(heading(page)).to_contain_text("0 tokens gone")
    page.locator("svg.lines").focus()
    page.keyboard.press("End")
    expect(heading(page)).to_contain_text(f"{spec.header['counts'][-1]} tokens gone")
    last = percent(float(spec.arrays["probability"][0, -1]))
    expect(page.locator(".share-line .amount").first).to_have_text(last)
    expect(page).to_have_url(re.compile(f"#step={len(spec.header['counts']) - 1}$"))
    page.reload()
    expect(heading(ready(page))).to_contain_text(f"{spec.header['counts'][-1]} tokens gone")


@pytest.mark.parametrize("dark", [False, True])
def test_it_fits_a_narrow_window(open_page: OpenPage, spec, dark):
    page = ready(open_page(page_of(spec), width=400, dark=dark))
    fits(page)

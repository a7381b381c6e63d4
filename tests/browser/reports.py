"""What the tests of reports have in common: where things are, and what it is to be at a token."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from cutaway.core.numbers import percent
from cutaway.view.spec import Spec

#: Sections that show a token each in words of their own, and where.
FOLLOWING = {
    "lens": ".readout", "saliency": ".readout", "attention": ".card:has-text('It looks at') h2",
    "factors": ".factor-detail", "neurons": "p[aria-live]", "clusters": "p[aria-live]",
}  # fmt: skip


def section(page: Page, name: str) -> Locator:
    return page.locator(f"[data-section={name}]")


def toggle(page: Page, name: str) -> Locator:
    return section(page, name).locator(".disclosure")


def token(page: Page, index: int) -> Locator:
    """A token of the text; the one after the last stands for what would come next."""
    return page.locator(".strip.is-said .token").nth(index)


def picked(page: Page, spec: Spec, at: int) -> None:
    """The page is at a position: its bar, its text and its candidates."""
    inputs = spec.header["inputs"]
    said = inputs[at + 1] if at + 1 < len(inputs) else "?"
    expect(page.locator(".report-token")).to_have_text(f"position {at}{inputs[at]}→{said}")
    expect(token(page, at + 1)).to_have_class(re.compile("is-chosen"))
    first = spec.arrays["probability"][at, 0]
    expect(page.locator(".report-candidates .amount").first).to_have_text(percent(first))


def follows(page: Page, spec: Spec, at: int) -> None:
    """Every open section is at a position, each in its own words."""
    inputs, produced = spec.header["inputs"], spec.header["produced"]
    said = inputs[at + 1] if at + 1 < len(inputs) else None
    words = {
        "lens": f"Position {at}: read {inputs[at]}", "saliency": f"Why {said}?" if said else "Why ",
        "attention": f"At {inputs[at]}, position {at}", "neurons": f"at {inputs[at]}: ",
        "clusters": f"at {inputs[at]}: ",
        "factors": said if said and produced[at + 1] else inputs[at],
    }  # fmt: skip
    for name, where in FOLLOWING.items():
        expect(section(page, name).locator(where).first).to_contain_text(words[name])

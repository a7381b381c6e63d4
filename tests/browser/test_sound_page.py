"""The pages of a sound: frames are named by their time, and as many as there are stay usable."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

import cutaway as ct
from cutaway.render.page import page as page_of
from tests.model.sounds import RATE, TARGET, opened, samples

from .conftest import OpenPage, fits, ready


@pytest.mark.parametrize("width", [1200, 420])
def test_cross_attention_opens_as_a_matrix_over_time(open_page: OpenPage, width: int) -> None:
    trace = opened("whisper").trace(samples(1.2), target=TARGET, sampling_rate=RATE)
    cross = ct.attention(trace, kind="cross")
    page = ready(open_page(page_of(cross.spec), fragment="at=1&key=30", width=width))
    expect(page.get_by_role("button", name="matrix", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    fits(page)
    alignment = ready(open_page(page_of(cross.alignment().spec), fragment="at=2&source=30"))
    expect(alignment.get_by_role("heading", name="Which frame of the sound")).to_be_visible()
    expect(alignment.get_by_text("Position 2 of the target, 30 of the source.")).to_be_visible()
    expect(alignment.locator("h2 .chip-in, h2 code").last).to_have_text("0.60 s")
    grid = alignment.locator(".grid")
    expect(grid).to_have_attribute(
        "aria-label", "Alignment of 5 target tokens with 100 frames; arrow keys move."
    )
    grid.press("ArrowRight")
    expect(alignment.get_by_text("Position 2 of the target, 31 of the source.")).to_be_visible()


def test_frames_are_called_frames(open_page: OpenPage) -> None:
    trace = opened("whisper").trace(samples(1.2), target=TARGET, sampling_rate=RATE)
    encoder = ready(open_page(page_of(ct.attention(trace, kind="encoder").spec)))
    expect(encoder.get_by_role("button", name="hide first frame and renormalise")).to_be_visible()
    for card in encoder.locator(".card:not(:has(.provenance)):visible").all():
        expect(card).not_to_contain_text("token")
    cross = ready(open_page(page_of(ct.attention(trace, kind="cross").spec)))
    expect(cross.locator(".about").first).to_contain_text(
        "a token's attention that lies on a frame"
    )
    grid = cross.get_by_role("application", name="Weights of 6 tokens on 100 frames")
    expect(grid).to_be_visible()
    expect(cross.get_by_text("in full at")).not_to_have_count(0)  # no head gives a frame all

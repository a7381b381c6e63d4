"""Neurons, clusters and factors as saved pages."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from playwright.sync_api import expect

from cutaway.lens.clusters import clusters
from cutaway.lens.neurons import neurons
from cutaway.render.page import page as page_of
from cutaway.view.kinds import spec_of

from ..lens.made import firing_trace, made
from .conftest import OpenPage, fits, holds, ready


@pytest.fixture(scope="module")
def specs():
    names = ("neurons", "clusters", "factors")
    return {name: spec_of(data) for name, data in made().items() if name in names}


def test_a_factor_paints_the_tokens_when_it_is_chosen(open_page: OpenPage, specs):
    page = ready(open_page(page_of(specs["factors"])))
    rows = page.locator("button.factor")
    expect(rows).to_have_count(4)
    expect(page.get_by_role("option")).to_have_count(12)
    rows.nth(2).click()
    expect(rows.nth(2)).to_have_attribute("aria-pressed", "true")
    expect(page).to_have_url(re.compile("factor=2"))
    values = specs["factors"].arrays["activation"][2]
    peak = int(np.argmax(values[:8]))  # an input token is coloured by its own position
    share = round(64 * float(values[peak] / values.max()))
    expect(page.get_by_role("option").nth(peak)).to_have_attribute(
        "style", re.compile(rf"\b{share}%")
    )
    page.get_by_role("button", name="strongest factor").click()
    expect(rows.nth(2)).to_have_attribute("aria-pressed", "false")


def test_a_token_tells_its_factors_by_keyboard(open_page: OpenPage, specs):
    page = ready(open_page(page_of(specs["factors"]), fragment="at=3"))
    detail = page.locator(".factor-detail")
    expect(detail).to_contain_text("·France")
    page.get_by_role("option").nth(3).focus()
    page.keyboard.press("ArrowRight")
    expect(detail).to_contain_text("·is")
    expect(detail).to_contain_text("factor")


def test_the_page_says_how_tokens_are_coloured(open_page: OpenPage, specs):
    page = ready(open_page(page_of(specs["factors"])))
    expect(page.get_by_text("one position earlier")).to_be_visible()


def test_neurons_change_with_the_layer_and_the_order(open_page: OpenPage, specs):
    page = ready(open_page(page_of(specs["neurons"])))
    readout = page.locator("p.about[aria-live]")
    expect(readout).to_contain_text("of layer 0 at")
    page.get_by_label("Layer").select_option("2")
    expect(readout).to_contain_text("of layer 2 at")
    page.get_by_role("button", name="first", exact=True).click()
    expect(readout).to_contain_text("Neuron 0 of layer 2")
    page.locator(".grid").focus()
    page.keyboard.press("ArrowDown")
    expect(readout).to_contain_text("Neuron 1 of layer 2")
    value = float(specs["neurons"].arrays["activation"][2, 1, 0])
    expect(readout).to_contain_text(f"{value:.3f}"[:4])


def test_a_neuron_of_a_mixture_is_named_by_its_expert(open_page: OpenPage):
    trace = firing_trace()
    trace = replace(trace, card=replace(trace.card, experts=((4, 8, 8),) * 3))
    page = ready(open_page(page_of(spec_of(neurons(trace))), fragment="by=first&row=17"))
    readout = page.locator("p.about[aria-live]")
    expect(readout).to_contain_text("Neuron expert 2 · 1 of layer 0")
    page.locator(".grid").focus()
    for _ in range(17):
        page.keyboard.press("ArrowDown")
    expect(readout).to_contain_text("Neuron shared · 2 of layer 0")
    groups = ready(open_page(page_of(spec_of(clusters(trace, n=4)))))
    expect(groups.locator("p.about[aria-live]")).to_contain_text(re.compile("expert|shared"))


def test_clusters_say_their_sizes_and_each_neuron_by_keyboard(open_page: OpenPage, specs):
    spec = specs["clusters"]
    page = ready(open_page(page_of(spec)))
    rows = page.locator(".datatable tbody tr")
    sizes = [str(size) for size in spec.header["sizes"]]
    for row, size in enumerate(sizes):
        expect(rows.nth(row).locator("td").first).to_have_text(size)
    page.locator(".grid").focus()
    page.keyboard.press("ArrowDown")
    neuron = int(spec.arrays["neuron"][1])
    expect(page.locator("p.about[aria-live]")).to_contain_text(f"neuron {neuron} of layer")
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile("#row=1&at=1$"))


@pytest.mark.parametrize("kind", ["neurons", "clusters", "factors"])
@pytest.mark.parametrize("dark", [False, True])
def test_it_fits_a_narrow_window(open_page: OpenPage, specs, kind, dark):
    page = ready(open_page(page_of(specs[kind]), width=400, dark=dark))
    fits(page)


def test_a_long_text_opens(open_page: OpenPage):
    data = made(600)
    for kind in ("neurons", "clusters", "factors"):
        ready(open_page(page_of(spec_of(data[kind]))))


def test_neurons_of_a_long_text_open_as_a_whole(open_page: OpenPage):
    page = ready(open_page(page_of(spec_of(neurons(firing_trace(200))))))
    expect(page.get_by_role("button", name="overview")).to_have_attribute("aria-pressed", "true")
    holds(page, "(g => g.scrollWidth <= g.clientWidth)(document.querySelector('.grid'))")
    page.get_by_role("button", name="numbers", exact=True).click()
    expect(page).to_have_url(re.compile("cells=numbers"))
    holds(page, "(g => g.scrollWidth > 200 * 59)(document.querySelector('.grid'))")

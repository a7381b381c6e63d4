"""A page that holds queries and keys computes the weights of any head in the browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

import cutaway as ct
from cutaway.render.page import page as page_of

from ..lens.fakes import attention_trace
from ..lens.made import worded
from .conftest import OpenPage, ready
from .test_attention_page import level, told

L, H, T = 2, 4, 8
#: Half precision and 8 bits: a weight may be told by the level beside its own.
STEPS = (-0.004, -0.002, -0.001, 0.0, 0.001, 0.002, 0.004)


@pytest.mark.parametrize(("layer", "head"), [(0, 3), (1, 0), (1, 2)])
def test_the_page_tells_the_models_own_weights(open_page: OpenPage, layer: int, head: int) -> None:
    trace = worded(attention_trace(L, H=H, K=2, T=T), T)
    weights = trace.source.attention(trace, layer, [head])[0, -1]
    spec = ct.attention(trace, carry="queries").spec
    page = open_page(page_of(spec), fragment=f"head={layer}.{head}&at={T - 1}")
    title = page.get_by_role("heading", name=f"Layer {layer}, head {head}", exact=True)
    expect(title).to_be_visible()
    page.get_by_text("Read as a table").click()
    rows = page.locator(".card:has(.both-ways) tbody tr")
    expect(rows).to_have_count(T)
    for key, weight in enumerate(weights.tolist()):
        near = {told(level(weight + step)) for step in STEPS}
        own = rows.filter(has=page.get_by_role("rowheader", name=str(key), exact=True))
        expect(own).to_have_text(re.compile(f"({'|'.join(map(re.escape, near))})$"))


def test_the_page_says_how_its_weights_come_about(open_page: OpenPage) -> None:
    trace = attention_trace(L, H=H, K=2, T=T)
    page = ready(open_page(page_of(ct.attention(trace, carry="queries").spec)))
    expect(page.get_by_text("computed in this page, from queries and keys")).to_be_visible()


def test_the_head_view_computes_a_whole_layer(open_page: OpenPage) -> None:
    trace = attention_trace(L, H=H, K=2, T=T)
    view = ct.attention(trace, carry="queries", opens="heads")
    page = ready(open_page(page_of(view.spec)))
    expect(page.get_by_text(re.compile(r"\d+ % of mass drawn"))).to_be_visible()

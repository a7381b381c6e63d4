"""No page has a serious accessibility fault that axe finds: in light and dark, as it opens."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

import cutaway as ct
from cutaway.app.attention import AttentionView
from cutaway.lens.alignment import alignment_of_attention
from cutaway.lens.compare import compare
from cutaway.lens.routing import experts
from cutaway.lens.saliency import saliency
from cutaway.render.page import page as page_of
from cutaway.render.table import TABLES
from cutaway.view.kinds import spec_of
from cutaway.view.spec import Spec

from ..lens.compared import routed_pair
from ..lens.crossed import cross_trace, crossed
from ..lens.made import made
from ..lens.routed import routed_trace
from .conftest import OpenPage, ready
from .pages import candidates_spec, lens_spec, report_spec

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
#: Kind -> the fragments of its address that are looked at.
STATES = {
    "logit_lens": ("", "show=candidates", "show=table&mode=rank"),
    "candidates": ("",),
    "anatomy": ("",),
    "classes": ("", "label=1&layer=0"),
    "watch": ("", "mode=probability"),
    "pairs": ("",),
    "neurons": ("", "sign=positive"),
    "clusters": ("",),
    "factors": ("", "factor=1"),
    "saliency": ("", "detail=yes", "layout=matrix"),
    "deletion": ("", "step=3"),
    "experts": ("", "colour=entropy&cells=overview", "colour=expert&expert=3&order=load"),
    "attention": ("", "form=matrix", "view=heads"),
    "alignment": ("", "layer=0"),
    "attention_neuron": ("",),
    "compare": ("",),
    "compare_attention": ("",),
    "compare_experts": ("", "colour=expert&order=number"),
    "walk": ("",),
    "embed": ("", "text=2&other=0"),
    "points": ("",),
    "explore": ("", "temperature=0.7&top_p=0.9"),
    "report": ("", "at=2&open=lens,race,saliency,attention,neurons,factors,clusters,walk,anatomy"),
}


@pytest.fixture(scope="module")
def specs(tiny_lm) -> dict[str, Spec]:
    trace = tiny_lm.generate("The keys to the cabinet are on", max_new_tokens=4)
    other = tiny_lm.trace("The key to the cabinets is lost here")
    shares = ct.saliency(trace)
    views = {
        "saliency": shares, "deletion": shares.check(), "attention": ct.attention(trace),
        "explore": ct.explore(tiny_lm, "The keys").pick(1).sample(2, max_new_tokens=3),
        "anatomy": ct.anatomy(tiny_lm), "walk": ct.walk(trace, at=-1, layer=0),
        "attention_neuron": ct.attention(trace, layers=[1], heads=[0]).neuron(),
        "compare": ct.compare(trace, other),
        "embed": ct.embed(tiny_lm, ["The keys", "The key", "1, 1, 2, 3"]),
        "points": ct.embed(tiny_lm, ["1, 1", "2"]).project("The keys", "The key"),
        "compare_attention": ct.compare(trace, other, lens="attention"),
    }  # fmt: skip
    return {
        "logit_lens": lens_spec(),
        "candidates": candidates_spec(),
        "report": report_spec(),
        "experts": spec_of(experts(routed_trace())),
        "compare_experts": spec_of(compare(*routed_pair(), lens="experts")),
        **{name: spec_of(data) for name, data in made().items()},
        **{name: view.spec for name, view in views.items()},
        **two_texts(),
    }


def two_texts() -> dict[str, Spec]:
    """The pictures of an encoder-decoder; those of another kind's name are looked at beside it."""
    trace = cross_trace()
    looked = crossed(trace)
    return {
        "alignment": spec_of(alignment_of_attention(looked)),
        "cross": AttentionView(looked, trace, "special").spec,
        "read": spec_of(saliency(trace)),
    }


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("kind", [*STATES, "cross", "read"])
def test_axe_finds_no_serious_fault(open_page: OpenPage, specs, kind: str, dark: bool):
    html = page_of(specs[kind])
    for fragment in STATES.get(kind, ("",)):
        assert faults(ready(open_page(html, dark=dark, fragment=fragment))) == []


def test_every_kind_of_picture_is_looked_at():
    assert set(STATES) == set(TABLES)


def test_axe_sees_a_fault_that_is_there(open_page: OpenPage, specs):
    page = ready(open_page(page_of(specs["watch"])))
    page.evaluate("document.querySelector('.sentence').style.color = '#ccc'")
    assert any("color-contrast" in fault for fault in faults(page))


def faults(page: Page) -> list[str]:
    """Serious and critical violations: the rule, and where it is broken first."""
    expect(page.locator(".section-body[aria-busy]")).to_have_count(0)
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{fault['id']} at {fault['nodes'][0]['target']}: {fault['nodes'][0]['failureSummary']}"
        for fault in found["violations"]
        if fault["impact"] in ("serious", "critical")
    ]

"""A page is one file that is safe, whole, and the same for the same picture."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zlib
from html.parser import HTMLParser
from typing import Any

import pytest

from cutaway.core.errors import MissingError
from cutaway.render import bundle as bundle_file
from cutaway.render.bundle import bundle, bundle_path
from cutaway.render.page import page
from cutaway.render.static import static
from cutaway.view.kinds import spec_of
from cutaway.view.spec import Spec
from tests.view.made import HOSTILE, LABELS, TEXTS, logit_lens, predictions


class Reader(HTMLParser):
    """The elements of a page, and the content of its scripts by id."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.scripts: dict[str, str] = {}
        self._open = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        self._open = dict(attrs).get("id") or "code" if tag == "script" else ""

    def handle_data(self, data: str) -> None:
        if self._open:
            self.scripts[self._open] = self.scripts.get(self._open, "") + data

    def handle_endtag(self, tag: str) -> None:
        self._open = ""


def hostile() -> Spec:
    """A picture whose every word is hostile."""
    data = logit_lens(inside=True)
    for name in ("token", "inside_token", "input", "next", "target", "input_text"):
        data[name].values[...] = HOSTILE
    return spec_of(data)


@pytest.fixture(scope="module", params=["lens", "candidates", "hostile"])
def spec(request: pytest.FixtureRequest) -> Spec:
    made = {
        "lens": lambda: spec_of(logit_lens()), "candidates": lambda: spec_of(predictions()),
        "hostile": hostile,
    }  # fmt: skip
    return made[request.param]()


def test_the_same_spec_gives_the_same_page(spec: Spec) -> None:
    assert page(spec) == page(spec)


def test_the_page_holds_the_envelope_and_the_data(spec: Spec) -> None:
    scripts = Reader(page(spec)).scripts
    assert json.loads(scripts["cutaway-spec"]) == json.loads(json.dumps(spec.to_json()))
    packed = base64.b64decode(scripts["cutaway-data"])
    assert zlib.decompress(packed, wbits=-15) == spec.data()


def test_the_page_has_only_its_own_elements(spec: Spec) -> None:
    read = Reader(page(spec))
    assert read.tags.count("script") == 3
    assert {"img", "iframe", "link", "base", "object"}.isdisjoint(read.tags)
    assert not [name for name, _ in read.attributes if name.startswith("on")]
    assert not [name for name, _ in read.attributes if name in ("src", "href", "srcdoc")]


def test_no_token_is_markup() -> None:
    html = page(hostile())
    assert HOSTILE not in html
    assert "</script><img" not in html
    assert "<img" not in html
    assert "</title><script>" not in html


def test_the_policy_allows_the_front_end_by_its_hash_and_nothing_else(spec: Spec) -> None:
    html = page(spec)
    policy = dict(
        part.split(" ", 1)
        for part in re.search(r'Security-Policy" content="([^"]*)"', html)[1].split("; ")
    )
    code = Reader(html).scripts["code"]
    digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == f"'sha256-{digest}'"
    assert html.index("Security-Policy") < html.index("<script")


def test_without_scripts_there_is_a_table(spec: Spec) -> None:
    html = page(spec)
    assert f"<noscript>{static(spec)}</noscript>" in html
    assert "<table>" in static(spec)


def test_the_page_can_be_encoded_whatever_a_text_holds() -> None:
    data = logit_lens()
    data["token"].values[0, 0, 0] = "\ud800\u2028\0"
    data.attrs["run"] = json.dumps({"prompt": "\ud800 & <b>"})
    spec = spec_of(data)
    again = json.loads(Reader(page(spec).encode().decode()).scripts["cutaway-spec"])
    assert again["header"]["vocabulary"] == spec.header["vocabulary"]


def test_a_missing_front_end_says_how_to_build_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setattr(bundle_file, "_PATH", tmp_path / "cutaway.js")
    with pytest.raises(MissingError, match="make web"):
        bundle_path()


def test_the_front_end_can_stand_in_a_page() -> None:
    assert "</script" not in bundle()
    assert "<!--" not in bundle()


def test_made_up_labels_are_as_hostile_as_they_should_be() -> None:
    assert LABELS[0] == HOSTILE
    assert TEXTS[0] == "</script><img src=x onerror=alert(1)>"

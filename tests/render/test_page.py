"""A page is one file that is safe, whole, and the same for the same picture."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zlib
from html import unescape
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

from cutaway.core.errors import MissingError
from cutaway.render import bundle as bundle_file
from cutaway.render.bundle import bundle, bundle_path
from cutaway.render.page import page
from cutaway.render.static import static
from cutaway.view.kinds import spec_of
from cutaway.view.spec import CHUNK, Spec
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


def inflated(packed: str) -> bytes:
    return zlib.decompress(base64.b64decode(packed), wbits=-15)


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
    assert inflated(scripts["cutaway-data"]) == spec.data()


@pytest.fixture(scope="module")
def large() -> Spec:
    """A picture with an array for later of three chunks, the last one not full."""
    rng = np.random.default_rng(0)
    few = spec_of(predictions())
    arrays = {"weights": rng.integers(0, 99, (7, CHUNK // 3), np.uint8), **few.arrays,
              "place": np.arange(4, dtype=np.int32)}  # fmt: skip
    return Spec(few.kind, few.header, arrays, later=("weights", "place"))


def test_arrays_for_later_come_behind_the_front_end_in_chunks(large: Spec) -> None:
    html = page(large)
    scripts = Reader(html).scripts
    names = [f"cutaway-weights-{i}" for i in range(3)] + ["cutaway-place-0"]
    assert list(scripts) == ["cutaway-spec", "cutaway-data", "code", *names]
    chunks = [inflated(scripts[name]) for name in names]
    assert [len(chunk) for chunk in chunks] == [3 * (CHUNK // 3)] * 2 + [CHUNK // 3, 16]
    assert b"".join(chunks[:3]) == large.arrays["weights"].tobytes()
    assert chunks[3] == large.arrays["place"].tobytes()
    assert inflated(scripts["cutaway-data"]) == large.data()
    assert page(large) == html


def test_the_envelope_says_where_every_array_lies(large: Spec) -> None:
    layout = {row["name"]: row for row in large.to_json()["arrays"]}
    assert layout["weights"] == {
        "name": "weights", "dtype": "uint8", "shape": [7, CHUNK // 3], "rows": 3
    }  # fmt: skip
    assert layout["place"]["rows"] > 4
    data = large.data()
    for name in set(large.arrays) - set(large.later):
        array = large.arrays[name]
        assert layout[name]["offset"] % 8 == 0
        found = np.frombuffer(data, array.dtype, array.size, layout[name]["offset"])
        np.testing.assert_array_equal(found.reshape(array.shape), array)


def test_a_row_larger_than_a_chunk_is_one() -> None:
    few = spec_of(predictions())
    tall = np.zeros((2, CHUNK + 1), dtype=np.uint8)
    spec = Spec(few.kind, few.header, {"tall": tall}, later=("tall",))
    assert [len(chunk) for chunk in spec.chunks("tall")] == [CHUNK + 1] * 2
    none = Spec(few.kind, few.header, {"none": tall[:0]}, later=("none",))
    assert list(none.chunks("none")) == []


def test_an_array_for_later_must_be_there() -> None:
    with pytest.raises(TypeError, match="weights"):
        Spec("candidates", {}, {}, later=("weights",))


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
    written = re.search("<noscript>(.*?)</noscript>", page(spec), re.DOTALL)[1]
    assert unescape(written) == unescape(static(spec))
    assert "<table>" in static(spec)


def test_a_page_is_ascii(spec: Spec) -> None:
    """Then it is the same in any encoding, and browsers decode it fast."""
    assert page(spec).isascii()
    assert not static(hostile()).isascii()


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


@pytest.mark.parametrize(("name", "most"), [("cutaway.js", 340_000), ("app.js", 395_000)])
def test_the_front_end_stays_small(name: str, most: int) -> None:
    """Every saved page carries cutaway.js; one that grows beyond this should be worth it."""
    assert bundle_path().with_name(name).stat().st_size < most


def test_the_front_end_can_stand_in_a_page() -> None:
    assert "</script" not in bundle()
    assert "<!--" not in bundle()


def test_made_up_labels_are_as_hostile_as_they_should_be() -> None:
    assert LABELS[0] == HOSTILE
    assert TEXTS[0] == "</script><img src=x onerror=alert(1)>"

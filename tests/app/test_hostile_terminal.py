"""Whatever a trace file says, nothing that a terminal acts on is printed."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest

import cutaway as ct
from cutaway.app import cli
from cutaway.core.terminal import harmless, harmless_json
from cutaway.core.tokens import Piece
from cutaway.render.text import brief, text
from cutaway.render.text import text as printed

#: Titles, clears, moves and turns: as ESC codes, as C1's, by direction marks, and half a character.
EVIL = "\x1b]0;pwned\x07\x1b[2J\x9b2J\r\x08\u202ea\u2066\u2028\x7f"
ACTS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
#: What colours a terminal, which is meant.
COLOUR = re.compile("\x1b\\[[0-9;]*m")


class Evil:
    """The source of a trace, whose vocabulary is hostile."""

    def __init__(self, source: Any) -> None:
        self.source = source

    def pieces(self, token_ids: Any) -> tuple[Piece, ...]:
        return tuple(Piece(EVIL, f"{EVIL}{i}") for i in token_ids)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.source, name)


@pytest.fixture(scope="module")
def trace(tiny_lm: Any, tmp_path_factory: pytest.TempPathFactory) -> ct.Trace:
    """Opened from a file that is hostile in every text it has."""
    whole = tiny_lm.generate("The keys to the cabinet", max_new_tokens=3, keep="all")
    row = whole.tokens
    named = replace(row, labels=tuple(f"{EVIL}{i}" for i in range(len(row))))
    evil = replace(
        whole, tokens=named, card=replace(whole.card, name=EVIL, architecture=EVIL, revision=EVIL),
        options={"prompt": EVIL, EVIL: EVIL}, notes=(EVIL,), source=Evil(whole.source),
    )  # fmt: skip
    path = tmp_path_factory.mktemp("evil") / "a.trace"
    evil.save(path)
    return ct.open(path)


@pytest.mark.parametrize(
    "lens", ["logit_lens", "predictions", "neurons", "clusters", "factors", "attention", "anatomy"]
)
def test_a_lens_of_a_hostile_trace_prints_none_of_it(
    trace: ct.Trace, tiny_lm: Any, lens: str
) -> None:
    view = getattr(ct, lens)(tiny_lm if lens == "anatomy" else trace)
    spec = replace(
        view._text_spec, header={**view._text_spec.header, "notes": [EVIL], "about": EVIL}
    )
    for words in (text(spec), brief(spec, 80), repr(view)):
        assert not ACTS.search(words)
    assert "‹1B›]0;pwned‹07›" in text(spec)
    assert not ACTS.search(COLOUR.sub("", text(spec, 80, colour=True)))
    assert not ACTS.search(view.json())
    assert not ACTS.search(repr(trace))


def test_words_that_are_hostile_are_seen_where_a_lens_shows_them(trace: ct.Trace) -> None:
    assert "‹9B›2J" in printed(ct.logit_lens(trace)._text_spec)
    assert EVIL in json.loads(ct.logit_lens(trace).json())["attrs"]["notes"]


def test_an_error_prints_none_of_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*args: Any, **options: Any) -> Any:
        raise ct.CutawayError(EVIL)

    monkeypatch.setattr("cutaway.app.api.load", broken)
    with pytest.raises(SystemExit):
        cli.main(["anatomy"])
    said = capsys.readouterr().err
    assert "‹1B›" in said
    assert not ACTS.search(said)


def test_other_text_is_left_as_it_is() -> None:
    plain = "naïve ‹1B› 東京 🙂 שלום\n$x$ [bold]"
    assert harmless(plain) == harmless_json(plain) == plain
    assert json.loads(harmless_json(json.dumps(EVIL + "\ud800", ensure_ascii=False))) == (
        EVIL + "\ud800"
    )

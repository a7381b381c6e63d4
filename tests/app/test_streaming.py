"""`--stream`: tokens as they come on stderr, and a stdout that is what it is without them."""

from __future__ import annotations

from typing import Any

import pytest

import cutaway as ct
from cutaway.app import api
from cutaway.app.generation import Generation
from cutaway.core.errors import InvalidError

from .test_cli import run

PROMPT = "The keys to the cabinet"
Said = pytest.CaptureFixture[str]


@pytest.fixture
def lm(tiny_lm: ct.LM, monkeypatch: pytest.MonkeyPatch) -> ct.LM:
    monkeypatch.setattr(api, "load", lambda *_, **__: tiny_lm)
    return tiny_lm


def test_the_tokens_are_told_on_stderr_and_stdout_is_the_same(lm: ct.LM, capsys: Said) -> None:
    line = ("predictions", PROMPT, "--generate", "6", "--seed", "3", "--temperature", "1")
    plain = run(capsys, *line)
    told = run(capsys, *line, "--stream")
    assert plain == (0, told[1], "")
    trace = lm.generate(PROMPT, max_new_tokens=6, seed=3, temperature=1.0)
    assert told[2].rstrip("\n") == trace.text[len(PROMPT) :].rstrip("\n�")


def test_a_token_does_nothing_to_the_terminal(
    lm: ct.LM, capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    def generate(*_: Any, on_token: Any, **__: Any) -> Any:
        on_token(5, "\x1b[2J", 0.5)
        raise KeyboardInterrupt

    monkeypatch.setattr(type(lm), "generate", generate)
    code, out, err = run(capsys, "look", PROMPT, "--generate", "2", "--stream")
    assert (code, out, err.strip()) == (130, "", "‹1B›[2J")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"stream": True}, "--stream True; allowed: with --generate N or --continuation TEXT"),
        ({"temperature": 0.7}, "--temperature 0.7; allowed: with --generate N"),
        ({"seed": 3}, "--seed 3; allowed: with --generate N"),
        ({"generate": 2, "continuation": "a"}, "--generate 2; allowed: or --continuation"),
        ({"continuation": "a", "top_k": 2}, "--top-k 2; allowed: without --continuation"),
        ({"generate": 2, "num_beams": 3, "stream": True}, "without beams"),
    ],
)
def test_options_that_would_do_nothing_are_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidError) as refused:
        Generation(**given)
    assert words in str(refused.value)

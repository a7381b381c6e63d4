"""A tokenizer written in Python, which knows no offsets: every text is traced, marked and kept."""

from __future__ import annotations

import string
from pathlib import Path
from typing import Any

import pytest
from transformers import PreTrainedTokenizer

import cutaway as ct
from cutaway.core.errors import InvalidError
from tests.models import tiny_model
from tests.same import same

LETTERS = string.ascii_letters + string.digits + string.punctuation + " "
TEXT = "The keys to the cabinet"


class Letters(PreTrainedTokenizer):  # type: ignore[misc]
    """A token for each letter, an end and an unknown one."""

    def __init__(self) -> None:
        self._ids = {letter: i for i, letter in enumerate(LETTERS)}
        super().__init__(eos_token="<end>", unk_token="<unk>")

    @property
    def vocab_size(self) -> int:
        return len(self._ids)

    def get_vocab(self) -> dict[str, int]:
        return {**self._ids, **self.added_tokens_encoder}

    def _tokenize(self, text: str, **_: Any) -> list[str]:
        return list(text)

    def _convert_token_to_id(self, token: str) -> int | None:
        return self._ids.get(token, self.unk_token_id)

    def _convert_id_to_token(self, index: int) -> str:
        return LETTERS[index]

    def convert_tokens_to_string(self, tokens: list[str]) -> str:
        return "".join(tokens)


@pytest.fixture(scope="module")
def lm() -> ct.LM:
    tokenizer = Letters()
    assert not tokenizer.is_fast
    return ct.wrap(tiny_model("llama"), tokenizer)


def test_its_texts_lie_where_they_are(lm: ct.LM, tmp_path: Path) -> None:
    trace = lm.trace(TEXT)
    assert trace.tokens.texts == tuple(TEXT)
    assert trace.tokens.labels[3] == "·"
    assert same(ct.open(trace.save(tmp_path / "a.trace")), trace)
    two = lm.trace(TEXT, "1, 2")
    assert two.tokens.segments == (0,) * len(TEXT) + (1,) * 4


def test_a_chat_without_offsets_says_that_roles_are_not_known(lm: ct.LM) -> None:
    template = "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }} {% endfor %}"
    lm.tokenizer.chat_template = template
    trace = lm.trace([{"role": "user", "content": TEXT}])
    assert trace.text == f"user: {TEXT} "
    assert set(trace.tokens.roles) == {""}
    assert any("roles are not known" in note for note in trace.notes)


def test_it_is_asked_like_any_other(lm: ct.LM) -> None:
    trace = lm.generate(TEXT, max_new_tokens=2)
    assert trace.text[: len(TEXT)] == TEXT
    assert ct.saliency(trace).data["saliency"].shape == (2, len(TEXT) + 2)
    assert ct.watch(trace, ["k", " "]).data["rank"].shape[1] == 2
    with pytest.raises(InvalidError, match="lone surrogate"):
        lm.trace("a\ud800")
    assert any("dropped" in note for note in lm.trace("漢x").notes)

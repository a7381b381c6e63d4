"""What a user may give to be read: texts, ids, chats; and what is refused, in words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from tokenizers import processors

from cutaway.core.errors import InvalidError, MissingError
from cutaway.model.prompt import Limits, Prompt, is_batch, read_prompt
from cutaway.model.vocabulary import Vocabulary
from tests.model.tokenizers import byte_level, sentence_piece, word_piece

TEMPLATE = (
    "{% if messages[0]['role'] != 'system' %}<|user|>rules<|end|>{% endif %}"
    "{% for m in messages %}<|user|>{{ m['role'] }}: {{ m['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|user|>assistant: {% endif %}"
)
TURNS = (
    "{% for m in messages %}{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('roles take turns') }}{% endif %}{{ m['content'] }}<|end|>{% endfor %}"
)
BACKWARDS = "{% for m in messages | reverse %}{{ m['content'] }}<|end|>{% endfor %}"
CHAT = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "ho"}]


def read(
    x: Any, *, template: str | None = None, limits: Limits | None = None, **how: bool
) -> Prompt:
    tokenizer = byte_level()
    tokenizer.chat_template = template
    vocabulary = Vocabulary(tokenizer)
    return read_prompt(x, vocabulary, limits or Limits(len(tokenizer), None), **how)


def spoken(prompt: Prompt) -> list[tuple[str, str]]:
    """Runs of one role: the role and its text."""
    tokenizer = byte_level()
    runs: list[tuple[str, str]] = []
    for token_id, role in zip(prompt.ids, prompt.roles, strict=True):
        text = tokenizer.decode([token_id])
        if runs and runs[-1][0] == role:
            runs[-1] = (role, runs[-1][1] + text)
        else:
            runs.append((role, text))
    return runs


def test_a_text_and_its_ids_are_read_alike() -> None:
    text = read("the keys")
    for ids in (list(text.ids), text.ids, np.array(text.ids), torch.tensor(text.ids)):
        assert read(ids).ids == text.ids
    assert text.given == "the keys"
    assert read(text.ids).given == list(text.ids)


def test_special_tokens_around_a_text_can_be_left_out() -> None:
    tokenizer = sentence_piece()
    tokenizer.bos_token = "<s>"
    tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", 1)]
    )
    vocabulary, limits = Vocabulary(tokenizer), Limits(len(tokenizer), None)
    with_start = read_prompt("the", vocabulary, limits)
    without = read_prompt("the", vocabulary, limits, add_special_tokens=False)
    assert with_start.ids == (1, *without.ids)
    assert not with_start.notes


def test_a_text_never_passes_the_chat_template() -> None:
    assert read("hi", template=TEMPLATE).ids == read("hi").ids


def test_each_token_of_a_chat_has_its_role() -> None:
    assert spoken(read(CHAT, template=TEMPLATE)) == [
        ("system", "<|user|>rules<|end|>"),
        ("user", "<|user|>user: hi<|end|>"),
        ("assistant", "<|user|>assistant: ho<|end|><|user|>assistant: "),
    ]
    own = [{"role": "system", "content": "be kind"}, *CHAT]
    assert spoken(read(own, template=TEMPLATE, add_generation_prompt=False)) == [
        ("system", "<|user|>system: be kind<|end|>"),
        ("user", "<|user|>user: hi<|end|>"),
        ("assistant", "<|user|>assistant: ho<|end|>"),
    ]


def test_a_template_whose_roles_take_turns() -> None:
    assert spoken(read(CHAT, template=TURNS)) == [("user", "hi<|end|>"), ("assistant", "ho<|end|>")]
    with pytest.raises(InvalidError, match="roles take turns"):
        read([CHAT[1]], template=TURNS)


def test_a_template_that_reorders_has_no_roles_and_says_so() -> None:
    prompt = read(CHAT, template=BACKWARDS)
    assert set(prompt.roles) == {""}
    assert "does not render message by message" in prompt.notes[0]


def test_a_chat_needs_a_template_and_whole_messages() -> None:
    with pytest.raises(MissingError, match="missing the chat template"):
        read(CHAT)
    with pytest.raises(InvalidError, match="a 'role' and a 'content'"):
        read([{"role": "user"}], template=TEMPLATE)


@pytest.mark.parametrize("nothing", ["", [], (), np.array([], dtype=int)])
def test_empty_is_refused(nothing: Any) -> None:
    with pytest.raises(InvalidError, match="at least one token"):
        read(nothing)


@pytest.mark.parametrize("wrong", [5, None, {"role": "user"}, b"bytes", ["a", 5], [1.5], [True]])
def test_what_is_no_prompt_is_refused(wrong: Any) -> None:
    with pytest.raises(InvalidError):
        read(wrong)


def test_a_text_longer_than_the_context_is_refused_with_both_numbers() -> None:
    assert len(read("abc", limits=Limits(999, 3)).ids) == 3
    with pytest.raises(InvalidError, match=r"allowed: 3 tokens, and it has 4"):
        read("abcd", limits=Limits(999, 3))


def test_ids_outside_the_embedding_table_are_refused() -> None:
    assert read([11], limits=Limits(12, None)).ids == (11,)  # a table larger than needed is normal
    for ids in ([-1], [12], [0, 999]):
        with pytest.raises(InvalidError, match="token id"):
            read(ids, limits=Limits(12, None))


def test_a_tokenizer_that_does_not_fit_the_model_is_named_with_id_and_token() -> None:
    with pytest.raises(InvalidError, match=r"token id of 'Ġa' \d+; allowed: 0 to 11"):
        read(" a", limits=Limits(12, None))


def test_a_tokenizer_that_drops_characters_is_told_of() -> None:
    assert read("a😀 é\x03").notes == ()
    (note,) = read("a\x04b\x04").notes
    assert "dropped 2 characters" in note
    assert r"'\x04'" in note
    vocabulary = Vocabulary(word_piece())
    (note,) = read_prompt("the 漢 key", vocabulary, Limits(99, None)).notes
    assert "'漢'" in note


def test_what_is_a_batch() -> None:
    assert is_batch(["a", "b"])
    assert is_batch([[1, 2], [3]])
    assert is_batch([CHAT, CHAT])
    assert is_batch(["a", [1]])
    for one in ("ab", [1, 2], CHAT, [], (1, 2), np.array([1, 2])):
        assert not is_batch(one)

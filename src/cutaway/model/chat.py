"""Chats: a list of messages through the tokenizer's template, and which role each token has."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any

from transformers import PreTrainedTokenizerBase

from ..core.choices import read_text
from ..core.errors import InvalidError, MissingError
from .vocabulary import unbroken

__all__ = ["rendered", "roles_of"]

Messages = Sequence[Mapping[str, Any]]
_UNKNOWN = "the chat template does not render message by message, so that roles are not known"


def rendered(tokenizer: PreTrainedTokenizerBase, messages: Messages, prompted: bool) -> str:
    """The text of a chat; prompted: with the opening of the assistant's answer.

    Raises MissingError where the tokenizer has no template, InvalidError where it refuses.
    """
    if not tokenizer.chat_template:
        raise MissingError(
            "the chat template", because="this model's tokenizer has none",
            fix="give the text itself, or set tokenizer.chat_template",
        )  # fmt: skip
    for message in messages:
        if not isinstance(message.get("role"), str) or "content" not in message:
            raise InvalidError("message", dict(message), allowed="a 'role' and a 'content'")
        read_text("role", message["role"])  # it is kept as it is
    try:
        text = tokenizer.apply_chat_template(
            [dict(message) for message in messages], tokenize=False, add_generation_prompt=prompted
        )
    except Exception as error:  # a template is a program: it may raise whatever it likes
        raise InvalidError(
            "chat", [message["role"] for message in messages],
            allowed=f"what the model's chat template takes ({error})",
        ) from error  # fmt: skip
    return unbroken(str(text))


def roles_of(
    tokenizer: PreTrainedTokenizerBase, messages: Messages, text: str
) -> tuple[tuple[int, ...], tuple[str, ...], tuple[str, ...]]:
    """Ids of a rendered chat, each one's role, and notes.

    What the template puts before the first message has the role "system" (it is the model's
    standing instruction), the opening of the answer "assistant".
    """
    # The template writes the special tokens itself.
    values = tokenizer(
        text, add_special_tokens=False, return_offsets_mapping=tokenizer.is_fast, verbose=False
    )
    ids = tuple(int(token_id) for token_id in values["input_ids"])
    bounds = _bounds(tokenizer, messages, text) if tokenizer.is_fast else None
    if bounds is None:
        return ids, ("",) * len(ids), (_UNKNOWN,)
    starts, names = zip(*bounds, strict=True)
    roles = tuple(names[bisect_right(starts, start) - 1] for start, _ in values["offset_mapping"])
    return ids, roles, ()


def _bounds(
    tokenizer: PreTrainedTokenizerBase, messages: Messages, text: str
) -> list[tuple[int, str]] | None:
    """Where each role's part of the text starts, ascending from 0; None where it can't be told.

    Found by rendering the first n messages: a template that writes one message after another
    makes each of these texts a beginning of the next.
    """
    ends = []
    for count in range(1, len(messages) + 1):
        try:
            part = rendered(tokenizer, messages[:count], prompted=False)
        except InvalidError:
            return None
        if not text.startswith(part):
            return None
        ends.append(len(part))
    first = _preamble(tokenizer, messages[0], text[: ends[0]])
    starts = [first, *ends[:-1]]
    bounds = [(start, str(m["role"])) for start, m in zip(starts, messages, strict=True)]
    before = [(0, "system")] if first else []
    return [*before, *bounds, (ends[-1], "assistant")]


def _preamble(tokenizer: PreTrainedTokenizerBase, message: Mapping[str, Any], text: str) -> int:
    """How much of a first message's text the template put before it.

    The same message said twice is rendered with the preamble once: what is added the second time
    is the message's own part.
    """
    try:
        twice = rendered(tokenizer, [message, message], prompted=False)
    except InvalidError:  # some templates insist that the roles take turns
        return 0
    own = twice.removeprefix(text)
    return len(text) - len(own) if twice.startswith(text) and text.endswith(own) else 0

"""What a user gives to be read: a text, token ids or a chat, turned into ids and chat roles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

import numpy as np
from torch import Tensor

from ..core.axes import read_whole
from ..core.errors import InvalidError
from ..core.tokens import TokenRow
from .chat import rendered, roles_of
from .pair import is_pair, read_pair
from .token_spans import decoded, row
from .vocabulary import Vocabulary, encoded

__all__ = ["Limits", "Prompt", "is_batch", "read_prompt"]

_FORMS = (
    "a text, a pair of texts, a list of token ids, or a chat (a list of {'role': ..., "
    "'content': ...})"
)


@dataclass(frozen=True)
class Limits:
    """What a model can read: ids below `rows` (of its embedding table), `context` tokens, and
    with them token types below `types`."""

    rows: int
    context: int | None
    types: int = 0


@dataclass(frozen=True)
class Prompt:
    """One text to be read.

    ids       (T,) token ids
    roles     (T,) chat roles, "" outside a chat
    given     what the user gave, as a JSON value
    notes     what the tokenizer or the chat template did that a reader should know
    text_b    of a pair of texts the second
    types     (T,) its token types, () where there are none
    segments  (T,) which text each token is of, () where there is one
    """

    ids: tuple[int, ...]
    roles: tuple[str, ...]
    given: Any
    notes: tuple[str, ...] = ()
    text_b: str | None = None
    types: tuple[int, ...] = ()
    segments: tuple[int, ...] = ()

    def options(self) -> dict[str, Any]:
        """What was given, by the names of the arguments of `trace`."""
        return {"prompt": self.given} | ({} if self.text_b is None else {"text_b": self.text_b})

    def row(self, vocabulary: Vocabulary, output: Sequence[int] = ()) -> TokenRow:
        """Its tokens and those said after it, in a chat by the assistant."""
        roles = (*self.roles, *["assistant" if any(self.roles) else ""] * len(output))
        ids, n_prompt = (*self.ids, *output), len(self.ids)
        return row(vocabulary, ids, n_prompt, roles, self.types, self.segments)


def is_batch(x: object) -> bool:
    """Whether it is several texts: a list of texts, of pairs, of lists of ids or of chats.

    >>> is_batch(["a", "b"]), is_batch([1, 2]), is_batch([[1], [2]]), is_batch("a")
    (True, False, True, False)
    """
    return _is_list(x) and len(x) > 0 and all(isinstance(one, str) or _is_list(one) for one in x)


def read_prompt(
    x: object,
    vocabulary: Vocabulary,
    limits: Limits,
    *,
    text_b: object = None,
    add_special_tokens: bool = True,
    add_generation_prompt: bool = True,
) -> Prompt:
    """The ids of a text, of ids as they are, or of a chat through its template.

    text_b  a second text, read with the first; a tuple (a, b) is such a pair, too

    Raises InvalidError where nothing is left to read, an id is outside the embedding table, or
    the text is longer than the model takes; MissingError where a chat has no template.
    """
    if text_b is not None:
        prompt = _pair(x, text_b, vocabulary, add_special_tokens, limits.types)
    elif is_pair(x):
        prompt = _pair(x[0], x[1], vocabulary, add_special_tokens, limits.types)
    elif isinstance(x, str):
        prompt = _text(x, vocabulary, add_special_tokens)
    elif _is_list(x) and len(x) and all(isinstance(entry, Mapping) for entry in x):
        prompt = _chat(x, vocabulary, add_generation_prompt)
    elif _is_list(x) or (isinstance(x, np.ndarray | Tensor) and x.ndim):
        values = x.tolist() if isinstance(x, np.ndarray | Tensor) else x
        ids = tuple(read_whole("token id", value, 0) for value in values)
        prompt = Prompt(ids, ("",) * len(ids), list(ids))
    else:
        raise InvalidError("prompt", x, allowed=_FORMS)
    _check(prompt, vocabulary, limits)
    return prompt


def _is_list(x: object) -> TypeGuard[Sequence[Any]]:
    return isinstance(x, Sequence) and not isinstance(x, str | bytes)


def _text(text: str, vocabulary: Vocabulary, special: bool) -> Prompt:
    if not text:
        raise InvalidError("prompt", text, allowed="a text of at least one token")
    ids = tuple(encoded(vocabulary.tokenizer, text, special=special))
    return Prompt(ids, ("",) * len(ids), text, _losses(text, vocabulary))


def _pair(x: Any, text_b: Any, vocabulary: Vocabulary, special: bool, n_types: int) -> Prompt:
    pair = read_pair(vocabulary.tokenizer, x, text_b, special=special, n_types=n_types)
    losses = [loss for text in (x, text_b) for loss in _losses(text, vocabulary)]
    return Prompt(
        pair.ids, ("",) * len(pair.ids), x, (*pair.notes, *dict.fromkeys(losses)), text_b,
        pair.types, pair.segments,
    )  # fmt: skip


def _chat(messages: Sequence[Any], vocabulary: Vocabulary, prompted: bool) -> Prompt:
    text = rendered(vocabulary.tokenizer, messages, prompted)
    ids, roles, notes = roles_of(vocabulary.tokenizer, messages, text)
    given = [dict(message) for message in messages]
    return Prompt(ids, roles, given, (*notes, *_losses(text, vocabulary)))


def _losses(text: str, vocabulary: Vocabulary) -> tuple[str, ...]:
    """What of a text its tokens do not hold, in words."""
    tokenizer = vocabulary.tokenizer
    ids = encoded(tokenizer, text)
    if tokenizer.unk_token is not None and tokenizer.unk_token not in text:
        ids = [token_id for token_id in ids if token_id != tokenizer.unk_token_id]
    told = decoded(vocabulary, ids)
    lost, gained = Counter(text) - Counter(told), Counter(told) - Counter(text)
    lowered = {letter for letter in lost if gained[letter.lower()] >= lost[letter]}
    if lowered and all(letter.isupper() for letter in lowered):
        lost = Counter({letter: n for letter, n in lost.items() if letter not in lowered})
        return ("the tokenizer reads lower case", *_dropped(lost))
    return _dropped(lost)


def _dropped(lost: Counter[str]) -> tuple[str, ...]:
    if not lost:
        return ()
    count = sum(lost.values())
    which = ", ".join(repr(character) for character in list(lost)[:5])
    return (
        f"the tokenizer dropped {count} {'character' if count == 1 else 'characters'} "
        f"of the text ({which}): its tokens decode to something else",
    )


def _check(prompt: Prompt, vocabulary: Vocabulary, limits: Limits) -> None:
    """Refuse what the model can't read, with both numbers."""
    count = len(prompt.ids)
    if not count:
        raise InvalidError("prompt", prompt.given, allowed="a text of at least one token")
    if limits.context is not None and count > limits.context:
        raise InvalidError(
            "prompt", prompt.given, allowed=f"{limits.context} tokens, and it has {count}",
            fix="trace a part of it",
        )  # fmt: skip
    for token_id in prompt.ids:
        if token_id >= limits.rows:
            word = vocabulary.word(token_id)
            raise InvalidError(
                f"token id of {word!r}" if word else "token id", token_id,
                allowed=f"0 to {limits.rows - 1}, the rows of the model's embedding table",
                fix="use the tokenizer that belongs to the model",
            )  # fmt: skip

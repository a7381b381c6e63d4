"""What a user gives to be read: a text, token ids or a chat, turned into ids and chat roles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jinja2 import TemplateError
from torch import Tensor

from ..core.errors import InvalidError, MissingError
from .pieces import Vocabulary, encoded
from .tokens import decoded

__all__ = ["Limits", "Prompt", "is_batch", "read_prompt"]

_FORMS = "a text, a list of token ids, a chat (a list of {'role': ..., 'content': ...})"


@dataclass(frozen=True)
class Limits:
    """What a model can read: ids below `rows` (of its embedding table), `context` tokens."""

    rows: int
    context: int | None


@dataclass(frozen=True)
class Prompt:
    """One text to be read.

    ids    (T,) token ids
    roles  (T,) chat roles, "" outside a chat
    given  what the user gave, as a JSON value
    notes  what the tokenizer or the chat template did that a reader should know
    """

    ids: tuple[int, ...]
    roles: tuple[str, ...]
    given: Any
    notes: tuple[str, ...] = ()


def is_batch(x: object) -> bool:
    """Whether it is several texts: a list of texts, of lists of ids or of chats.

    >>> is_batch(["a", "b"]), is_batch([1, 2]), is_batch([[1], [2]]), is_batch("a")
    (True, False, True, False)
    """
    return _is_list(x) and bool(len(x)) and all(isinstance(entry, str) or _is_list(entry) for entry in x)  # type: ignore[arg-type,attr-defined]


def read_prompt(
    x: object,
    vocabulary: Vocabulary,
    limits: Limits,
    *,
    add_special_tokens: bool = True,
    add_generation_prompt: bool = True,
) -> Prompt:
    """The ids of a text, of ids as they are, or of a chat through its template.

    Raises InvalidError where nothing is left to read, an id is outside the embedding table, or
    the text is longer than the model takes; MissingError where a chat has no template.
    """
    if isinstance(x, str):
        prompt = _text(x, vocabulary, add_special_tokens)
    elif _is_list(x) and len(x) and all(isinstance(entry, Mapping) for entry in x):  # type: ignore[arg-type,attr-defined]
        prompt = _chat(x, vocabulary, add_generation_prompt)
    else:
        prompt = _ids(x)
    _check(prompt, vocabulary, limits)
    return prompt

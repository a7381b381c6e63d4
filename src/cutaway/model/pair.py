"""A pair of texts through the tokenizer's template: ids, token types, and which text is where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeGuard

from transformers import PreTrainedTokenizerBase

from ..core.errors import InvalidError
from .vocabulary import encoded, unbroken

__all__ = ["Pair", "is_pair", "read_pair"]

_TOGETHER = "the tokenizer puts nothing between the two texts"


@dataclass(frozen=True)
class Pair:
    """Two texts as one row of tokens.

    ids       (T,) token ids
    types     (T,) the token type that the model is given with each; () where it has none
    segments  (T,) 0 in the first text, 1 in the second, -1 in the special tokens around them
    notes     what a reader should know
    """

    ids: tuple[int, ...]
    types: tuple[int, ...]
    segments: tuple[int, ...]
    notes: tuple[str, ...]


def is_pair(x: object) -> TypeGuard[tuple[str, str]]:
    """Whether it is two texts that are read together, as an entry of a list of them.

    >>> is_pair(("a", "b")), is_pair(["a", "b"]), is_pair((1, 2))
    (True, False, False)
    """
    return isinstance(x, tuple) and len(x) == 2 and all(isinstance(text, str) for text in x)


def read_pair(
    tokenizer: PreTrainedTokenizerBase, first: Any, second: Any, *, special: bool, n_types: int
) -> Pair:
    """The two texts with what the tokenizer puts around and between them.

    n_types  how many token types the model knows

    >>> read_pair(tokenizer, "a", "b", special=True, n_types=2).segments  # doctest: +SKIP
    (-1, 0, -1, 1, -1)

    Raises InvalidError where one of them is no text, or is empty.
    """
    for name, text in (("prompt", first), ("text_b", second)):
        if not isinstance(text, str):
            raise InvalidError(
                name, text, allowed="a text, in a pair of texts",
                fix="of token ids give one list, with the special tokens between the two",
            )  # fmt: skip
        if not text:
            raise InvalidError(name, text, allowed="a text of at least one token")
    found = tokenizer(unbroken(first), unbroken(second), add_special_tokens=special, verbose=False)
    ids = tuple(int(token_id) for token_id in found["input_ids"])
    types = tuple(int(kind) for kind in found.get("token_type_ids", ()))
    segments = _segments(tokenizer, found, first, second, special)
    between = segments[segments.index(0) : segments.index(1)] if {0, 1} <= {*segments} else ()
    return Pair(
        ids,
        types if max(types, default=0) < n_types else (),
        segments,
        () if -1 in between else (_TOGETHER,),
    )


def _segments(
    tokenizer: PreTrainedTokenizerBase, found: Any, first: str, second: str, special: bool
) -> tuple[int, ...]:
    """A fast tokenizer says which text a token is of; of another, the places of its template."""
    if tokenizer.is_fast:
        return tuple(-1 if which is None else int(which) for which in found.sequence_ids())
    ids = [encoded(tokenizer, text) for text in (first, second)]
    which = iter([0] * len(ids[0]) + [1] * len(ids[1]))
    if not special:
        return tuple(which)
    # 1 where the template puts a token: a slow tokenizer's takes the two rows of ids
    mask = tokenizer.get_special_tokens_mask(*ids)  # type: ignore[arg-type]
    return tuple(-1 if is_special else next(which) for is_special in mask)

"""One run of the store: what its list says of it, and what people may call it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from ...core.choices import read_text
from ...core.errors import InvalidError

__all__ = ["LONGEST", "Run", "read_name", "read_tags"]

#: Characters of a name or a tag, and how many tags a run may have.
LONGEST = 200
_MOST_TAGS = 100


@dataclass(frozen=True)
class Run:
    """A trace that is kept in the store.

    >>> run = ct.runs().add(trace, name="paris", tags=["capital"])  # doctest: +SKIP
    >>> run.id, run.n_tokens, run.kept  # doctest: +SKIP
    ('5d0c1f0a3b7e92c44d18', 5, ('states', 'lens'))

    id        20 hexadecimal digits of the SHA-256 of what was recorded
    name      what it is called, "" without a name
    tags      words it can be found by, in the order they were given
    created   when it first came into the store, in UTC
    model     the name of the model that made it
    text      the text its tokens decode to
    n_tokens  tokens in all, and of them produced: how many the model said
    kept      what was recorded, by the names of keep=
    bytes     the size of its file
    """

    id: str
    name: str
    tags: tuple[str, ...]
    created: datetime
    model: str
    text: str
    n_tokens: int
    produced: int
    kept: tuple[str, ...]
    bytes: int

    def to_json(self) -> dict[str, Any]:
        """Its fields as plain JSON values, `created` in ISO 8601."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        lists = {"tags": list(self.tags), "kept": list(self.kept)}
        return values | lists | {"created": self.created.isoformat(timespec="microseconds")}


def read_name(value: object) -> str:
    """A name: any text of up to 200 characters, "" for none; no part of a path is made of it."""
    return _label("name of a run", value)


def read_tags(value: str | Iterable[str]) -> tuple[str, ...]:
    """Tags, each once, in the order they were given; a plain text is one tag.

    >>> read_tags("a"), read_tags(["b", "a", "b"])
    (('a',), ('b', 'a'))
    """
    try:
        tags = tuple(dict.fromkeys([value] if isinstance(value, str) else value))
    except TypeError:
        raise InvalidError("tags", value, allowed="texts, such as ['bias', 'draft']") from None
    for tag in tags:
        if not _label("tag", tag).strip():
            raise InvalidError("tag", tag, allowed="a text that is not blank")
    if len(tags) > _MOST_TAGS:
        raise InvalidError("number of tags", len(tags), allowed=f"up to {_MOST_TAGS}")
    return tags


def _label(what: str, value: object) -> str:
    text = read_text(what, value)
    if len(text) > LONGEST:
        raise InvalidError(
            what, text, allowed=f"up to {LONGEST} characters", fix=f"this one has {len(text)}"
        )
    return text

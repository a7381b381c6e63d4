"""The rows of the index: how runs are written into it, searched and named."""

from __future__ import annotations

import json
import re
import sqlite3
import unicodedata
from datetime import datetime
from typing import Any

from ...core.choices import read_text
from ...core.errors import InvalidError, UnknownError
from .content import DIGITS
from .run import Run

__all__ = ["SCHEMA", "enable", "fetch", "forget", "one", "put", "stamps", "where"]

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS runs (id TEXT PRIMARY KEY, name TEXT NOT NULL, tags TEXT NOT NULL,"
    " created TEXT NOT NULL, model TEXT NOT NULL, text TEXT NOT NULL, n_tokens INTEGER NOT NULL,"
    " produced INTEGER NOT NULL, kept TEXT NOT NULL, bytes INTEGER NOT NULL,"
    " stamp INTEGER NOT NULL)",
    "CREATE INDEX IF NOT EXISTS by_time ON runs (created DESC, id)",
)
_COLUMNS = (
    "id", "name", "tags", "created", "model", "text", "n_tokens", "produced", "kept", "bytes",
)  # fmt: skip
_SHORTEST = 4
_PREFIX = re.compile(rf"[0-9a-f]{{{_SHORTEST},{DIGITS}}}")


def enable(database: sqlite3.Connection) -> None:
    """Teach a connection the searches of `where`."""
    for function in (_holds, _tag_holds, _tagged):
        database.create_function(function.__name__[1:], 2, function, deterministic=True)


def fetch(
    database: sqlite3.Connection, condition: str, values: tuple[Any, ...], rest: str = ""
) -> list[Run]:
    """The runs of a condition, the newest first."""
    return [
        Run(
            id=row[0], name=row[1], tags=tuple(json.loads(row[2])),
            created=datetime.fromisoformat(row[3]), model=row[4], text=row[5], n_tokens=row[6],
            produced=row[7], kept=tuple(json.loads(row[8])), bytes=row[9],
        )
        for row in database.execute(
            f"SELECT {', '.join(_COLUMNS)} FROM runs WHERE {condition}"
            f" ORDER BY created DESC, id {rest}", values,
        )
    ]  # fmt: skip


def where(search: str | None, tag: str | None) -> tuple[str, tuple[str, ...]]:
    """The condition of a search: a text in name, tags, text, model or id; a whole tag."""
    conditions, values = ["1"], []
    for what, text in (("search", search), ("tag", tag)):
        if text is not None:
            read_text(what, text)
    if search:
        tests = [f"holds({name}, ?)" for name in ("name", "text", "model", "id")]
        tests.append("tag_holds(tags, ?)")
        conditions.append(f"({' OR '.join(tests)})")
        values += [_folded(search)] * len(tests)
    if tag is not None:
        conditions.append("tagged(tags, ?)")
        values.append(tag)
    return " AND ".join(conditions), tuple(values)


def put(database: sqlite3.Connection, run: Run, stamp: int) -> None:
    """Write the row of a run, in the place of an older one; `stamp` is that of its note."""
    values = run.to_json() | {"tags": _listed(run.tags), "kept": _listed(run.kept)}
    marks = ", ".join("?" * (len(_COLUMNS) + 1))
    database.execute(
        f"INSERT OR REPLACE INTO runs ({', '.join(_COLUMNS)}, stamp) VALUES ({marks})",
        (*(values[name] for name in _COLUMNS), stamp),
    )


def forget(database: sqlite3.Connection, run_id: str) -> None:
    """Delete the row of a run."""
    database.execute("DELETE FROM runs WHERE id = ?", (run_id,))


def stamps(database: sqlite3.Connection) -> dict[str, int]:
    """The ids of all rows, with the stamps of the notes that they were made from."""
    return dict(database.execute("SELECT id, stamp FROM runs").fetchall())


def one(database: sqlite3.Connection, run_id: str) -> Run:
    """The one run whose id begins with these digits."""
    if not isinstance(run_id, str) or not _PREFIX.fullmatch(run_id):
        raise InvalidError(
            "id of a run", run_id,
            allowed=f"{_SHORTEST} to {DIGITS} of the digits 0-9 and a-f",
        )  # fmt: skip
    found = fetch(database, "id BETWEEN ? AND ?", (run_id, f"{run_id}g"), "LIMIT 4")
    if not found:
        raise UnknownError("run", run_id, fix="cutaway runs list shows those that are there")
    if len(found) > 1:
        raise InvalidError(
            "id of a run", run_id, allowed="as many digits as only one begins with",
            fix=f"there are {', '.join(run.id for run in found)}",
        )  # fmt: skip
    return found[0]


def _listed(texts: tuple[str, ...]) -> str:
    return json.dumps(texts, ensure_ascii=False)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()


def _holds(text: str, folded: str) -> bool:
    return folded in _folded(text)


def _tag_holds(tags: str, folded: str) -> bool:
    return any(_holds(tag, folded) for tag in json.loads(tags))


def _tagged(tags: str, tag: str) -> bool:
    return tag in json.loads(tags)

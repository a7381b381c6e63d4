"""The note beside a run's file: what people said of it. It outlives the index."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from ...core.errors import CutawayError, FileError
from ...core.files import write_whole
from .run import Run, read_name, read_tags

__all__ = ["Note", "read_note", "write_note"]

_LARGEST = 1_000_000


@dataclass(frozen=True)
class Note:
    """Name, tags and first day of a run."""

    name: str
    tags: tuple[str, ...]
    created: datetime


def read_note(path: Path) -> Note | None:
    """The note in a file, None where there is none; FileError for one that is damaged."""
    try:
        with path.open("rb") as file:
            values = json.loads(file.read(_LARGEST))
        created = datetime.fromisoformat(values["created"]).astimezone(UTC)
        return Note(read_name(values["name"]), read_tags(values["tags"]), created)
    except FileNotFoundError:
        return None
    except OSError as problem:
        raise FileError(path, f"can't be read: {problem.strerror}") from problem
    except (CutawayError, LookupError, TypeError, ValueError, OverflowError, RecursionError) as why:
        raise FileError(
            path, f"is no note of a run ({why})",
            fix="delete it, or write name, tags and created again",
        ) from None  # fmt: skip


def write_note(path: Path, run: Run) -> None:
    """Write a run's note, whole or not at all."""
    note = Note(run.name, run.tags, run.created)
    values = asdict(note) | {"created": run.created.isoformat(timespec="microseconds")}
    write_whole(path, json.dumps(values, indent=1).encode())

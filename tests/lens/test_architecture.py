"""ARCHITECTURE.md names every file of the rooms of traces and lenses, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("room", ["trace", "lens"])
def test_the_map_of_a_room_is_its_files(room: str) -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    title = {"trace": "## The room of traces", "lens": "## The room of lenses"}[room]
    section = text.split(title)[1].split("\n## ")[0]
    files = {path.stem for path in (ROOT / "src/cutaway" / room).glob("*.py")} - {"__init__"}
    assert set(re.findall(r"`([a-z_0-9]+)`", section)) == files

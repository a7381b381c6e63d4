"""ARCHITECTURE.md names every file of the room of models, and none that is not there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_map_of_the_room_is_its_files() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    section = text.split("## The room of models")[1].split("\n## ")[0]
    files = {path.stem for path in (ROOT / "src/cutaway/model").rglob("*.py")} - {"__init__"}
    assert set(re.findall(r"`([a-z_0-9]+)`", section)) == files

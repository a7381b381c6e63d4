"""A page of the documentation that grows: words, and photographs of saved pages beside it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from _camera import Camera, camera

import cutaway as ct

DOCS = Path(__file__).resolve().parents[1] / "docs" / "gallery"
#: The parts of a lens page that are photographed.
GRID = (".grid", ".legend")
#: Wide enough for thirteen columns beside the readout.
WIDTH = 1700


@dataclass(frozen=True)
class Gallery:
    """A page that grows: words, and pictures saved beside it."""

    folder: Path
    camera: Camera
    parts: list[str] = field(default_factory=list)

    def say(self, *words: str) -> None:
        self.parts.extend(words)

    def show(
        self,
        view: ct.View,
        name: str,
        caption: str,
        fragment: str = "",
        parts: tuple[str, ...] = GRID,
        width: int = WIDTH,
        height: int = 800,
    ) -> None:
        with TemporaryDirectory() as folder:
            saved = view.save(Path(folder) / "page.html")
            self.camera.photograph(
                saved, self.folder / f"{name}.png", fragment=fragment, parts=parts, width=width,
                height=height,
            )  # fmt: skip
        self.say(f"![{caption}]({name}.png)", f"*{caption}*")

    def write(self, name: str) -> None:
        (self.folder / f"{name}.md").write_text("\n\n".join(self.parts) + "\n", "utf-8")


Part = Callable[[ct.LM, Gallery], None]


def draw(
    name: str, introduction: str, parts: Iterable[Part], load: Callable[[], ct.LM] = ct.load
) -> None:
    """Write docs/gallery/NAME.md, or to the folder that the command line names."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else DOCS
    folder.mkdir(parents=True, exist_ok=True)
    lm = load()
    with camera() as lens:
        page = Gallery(folder, lens)
        page.say(introduction)
        for part in parts:
            part(lm, page)
        page.write(name)

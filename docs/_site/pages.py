"""What the site needs beside the pages: a menu, the pages above docs/, the API reference.

The menu is what docs/index.md lists, heading by heading, so that a page is announced in one place.
README's neighbours (ARCHITECTURE.md, ...) become pages of the site; links to and from them lead
where they lead on GitHub. docs/reference.md gets an entry for every public name.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

import cutaway

DOCS = Path(__file__).parents[1]
ROOT = DOCS.parent
#: Files above docs/ that the site has, and where.
ABOVE = {
    "ARCHITECTURE.md": "architecture.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
}
_SECTION = re.compile(r"^## (.+)$")
_ROW = re.compile(r"^\| \[([^\]]+)\]\(([^)]+)\) \|")
_LINK = re.compile(r"(?<=\]\()([^)#\s]+)(#[^)\s]*)?(?=\))")
_NOT_RUN = re.compile(r"^<!-- not run: .+ -->\n", re.MULTILINE)


def menu() -> list[Any]:
    """The headings of docs/index.md, each with the pages of its table."""
    sections: list[Any] = ["index.md"]
    for line in (DOCS / "index.md").read_text("utf-8").splitlines():
        if found := _SECTION.match(line):
            sections.append({found[1]: []})
        elif found := _ROW.match(line):
            rows = next(iter(sections[-1].values()))
            rows.append(entry(found[1], found[2]))
    return sections


def entry(title: str, link: str) -> dict[str, Any]:
    """One line of the menu; the decisions are a folder with its own index."""
    link = inside(link, ".")
    if link != "decisions/index.md":
        return {title: link}
    notes = sorted((DOCS / "decisions").glob("20*.md"), reverse=True)
    return {title: [link, *(f"decisions/{note.name}" for note in notes)]}


def inside(link: str, folder: str) -> str:
    """A link of a page in a folder of docs/, led to where its target is in the site."""
    above = (DOCS / folder / link).resolve()
    if above.parent == ROOT and above.name in ABOVE:
        up = "../" * len([part for part in Path(folder).parts if part != "."])
        return up + ABOVE[above.name]
    return link


def reference() -> str:
    """An entry for mkdocstrings for each public name: functions, then classes."""
    names = sorted(cutaway.__all__, key=lambda name: (not name.islower(), name))
    return "\n\n".join(["", *(f"::: cutaway.{name}" for name in names), ""])


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """The menu."""
    config.nav = menu()
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """The pages that stand above docs/; their links lead into docs/."""
    for name, place in ABOVE.items():
        text = (ROOT / name).read_text("utf-8")
        files.append(File.generated(config, place, content=text.replace("](docs/", "](")))
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Links as the site has them, no marks for the tests, and the reference."""
    folder = Path(page.file.src_uri).parent.as_posix()
    if page.file.src_uri == "reference.md":
        markdown += reference()

    def led(link: re.Match[str]) -> str:
        target = ABOVE.get(link[1], inside(link[1], folder))
        return (f"{target}index.md" if target.endswith("/") else target) + (link[2] or "")

    return _LINK.sub(led, _NOT_RUN.sub("", markdown))

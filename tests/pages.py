"""The documentation as the tests read it: pages, their code blocks, their links."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
TOP = [ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md")]
PAGES = [*TOP, *sorted(DOCS.rglob("*.md"))]

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NOT_RUN = re.compile(r"<!-- not run: .+ -->\n$")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s#]+)(?:#[^)]*)?\)")


@dataclass(frozen=True)
class CodeBlock:
    """One fenced block: its language, its text, the line its text begins at, whether it is run."""

    language: str
    text: str
    line: int
    run: bool


def blocks(page: Path) -> list[CodeBlock]:
    """The fenced blocks of a page; those after `<!-- not run: reason -->` are not run."""
    text = page.read_text("utf-8")
    return [
        CodeBlock(
            language=match[1],
            text=match[2],
            line=text.count("\n", 0, match.start()) + 2,
            run=not _NOT_RUN.search(text[: match.start()]),
        )
        for match in _BLOCK.finditer(text)
    ]


def links(page: Path) -> set[str]:
    """Relative links and images of a page, their anchors left out."""
    prose = _BLOCK.sub("", page.read_text("utf-8"))
    return {link for link in _LINK.findall(prose) if "://" not in link and "mailto:" not in link}


def named(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()

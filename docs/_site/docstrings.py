"""Our docstrings as Markdown: examples as code, lists of arguments as tables."""

from __future__ import annotations

import re
from typing import Any

import griffe

_ITEM = re.compile(r"^(\S(?:.{0,40}?\S)?)\s{2,}(\S.*)$")
_SKIP = re.compile(r"\s*# doctest: .*$", re.MULTILINE)


class Plain(griffe.Extension):
    """Rewrites every docstring that mkdocstrings reads."""

    def on_instance(self, *, obj: griffe.Object, **_: Any) -> None:
        if obj.docstring:
            obj.docstring.value = markdown(obj.docstring.value)


def markdown(text: str) -> str:
    """A docstring in Markdown: each paragraph by itself."""
    return "\n\n".join(map(paragraph, re.split(r"\n\s*\n", text.strip("\n"))))


def paragraph(text: str) -> str:
    """Of an example a code block, of lines in two columns a table, else the text."""
    if text.startswith(">>>"):
        return f"```pycon\n{_SKIP.sub('', text)}\n```"
    lines = text.splitlines()
    first = next((n for n, line in enumerate(lines) if _ITEM.match(line)), None)
    if first is None or (first > 0 and not lines[first - 1].endswith(":")):
        return escaped(text)
    indent = len(lines[first]) - len(lines[first].lstrip())
    head = escaped("\n".join(lines[:first]))
    rows: list[list[str]] = []
    for line in lines[first:]:
        found = _ITEM.match(line[indent:])
        if found and not line[indent:].startswith(" "):
            rows.append([found[1], found[2]])
        elif rows and line.startswith(" "):
            rows[-1][1] += f" {line.strip()}"
        else:
            return escaped(text)
    table = "\n".join(f"| `{name}` | {cell(words)} |" for name, words in rows)
    return (f"{head}\n\n" if head else "") + f"| | |\n|---|---|\n{table}"


def cell(words: str) -> str:
    return escaped(words).replace("|", "\\|")


def escaped(text: str) -> str:
    """Nothing in a docstring is markup but `code`."""
    parts = re.split(r"(`[^`\n]+`)", text)
    return "".join(p if p.startswith("`") else re.sub(r"([*_<`\[])", r"\\\1", p) for p in parts)

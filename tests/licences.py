"""Writes docs/licences.md: what an installation brings along, and under which licence.

`python -m tests.licences` writes it from what is installed; a test holds that it is up to date.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

from .lower import core

__all__ = ["licence_of", "page", "path"]

_HEAD = """# Licences

Cutaway is under the Apache License 2.0. `pip install cutaway` brings these packages along; a
licence is what a package's own metadata state. The pages that Cutaway saves hold its own code only,
and no font or library of others. Extras (`cutaway[app]`, ...) bring more, which is not listed
here. On Linux with a graphics card, torch brings NVIDIA's libraries under NVIDIA's own terms.

This page is written by `python -m tests.licences`; a test looks for a licence that would bind what
is built on Cutaway (GPL, AGPL), and finds none. `make audit` asks the index whether a version that
the tests use was withdrawn. Known vulnerabilities are not looked up: that needs a database on the
network (`pip-audit -r constraints.txt` asks it).

| package | asked for by | licence |
|---|---|---|
"""
_CLASSIFIER = re.compile(r"License :: (?:OSI Approved :: )?(.+)")


def path() -> Path:
    """Where the page is."""
    return Path(__file__).parents[1] / "docs" / "licences.md"


def page() -> str:
    """The page, of what is installed here."""
    rows = [f"| {name} | {', '.join(sorted(by))} | {licence_of(distribution(name))} |"
            for name, by in sorted(_closure().items())]  # fmt: skip
    return _HEAD + "\n".join(rows) + "\n"


def licence_of(package: Distribution) -> str:
    """The licence as a package's metadata name it.

    >>> licence_of(distribution("numpy")).startswith("BSD")
    True
    """
    data = package.metadata
    expression = data.get("License-Expression")
    if expression:
        return str(expression)
    found = [
        match[1] for line in data.get_all("Classifier") or [] if (match := _CLASSIFIER.match(line))
    ]
    named = (data.get("License") or "").strip().splitlines()
    return "; ".join(found) or (named[0] if named else "not stated")


def _closure() -> dict[str, set[str]]:
    """Package -> who asks for it, of all that the core brings along here."""
    found: dict[str, set[str]] = {}
    waiting = [(requirement, "Cutaway") for requirement in core()]
    while waiting:
        requirement, by = waiting.pop()
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        name = _plain(requirement.name)
        known = name in found
        found.setdefault(name, set()).add(by)
        if not known:
            waiting += [(one, name) for one in _requirements(name)]
    return found


def _requirements(name: str) -> Iterator[Requirement]:
    try:
        for line in distribution(name).requires or ():
            yield Requirement(line)
    except PackageNotFoundError:
        raise SystemExit(
            f"{name} is not installed; run this in the environment of make test"
        ) from None


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    path().write_text(page(), "utf-8")
    print(path())

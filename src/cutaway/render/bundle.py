"""The built front end: one ES module that draws every page and widget."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from ..core.errors import MissingError

__all__ = ["LOADER", "bundle", "bundle_path"]

_PATH = Path(__file__).parent / "bundle" / "cutaway.js"
#: The module that a widget carries itself; it draws with the front end that all share.
LOADER = Path(__file__).parent / "loader.js"


def bundle_path() -> Path:
    """Where the built front end lies.

    Raises MissingError where it was not built (a source checkout before `make web`).
    """
    if not _PATH.is_file():
        raise MissingError(
            "the front end", because=f"there is no {str(_PATH)!r}", fix="build it: make web"
        )
    return _PATH


@cache
def bundle() -> str:
    """The front end's code, safe to stand in an HTML script element."""
    # Inside strings and regular expressions "<\/" is "</"; nowhere else can code hold "</script".
    return bundle_path().read_text(encoding="utf-8").replace("</script", r"<\/script")

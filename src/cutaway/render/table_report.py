"""A report as a table: its sections, and what each answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..view.spec import Spec
from .tabular import Table

__all__ = ["report_table"]


def report_table(spec: Spec) -> Table:
    """A row per section: its name, its question, and why where it can't be had."""
    return Table(
        caption="The sections of the report; a saved page holds them all",
        columns=("section", "what it answers"),
        rows=tuple((section["name"], _answers(section)) for section in spec.header["sections"]),
    )


def _answers(section: Mapping[str, Any]) -> str:
    missing = section["missing"]
    return str(section["question"]) + (f" (can't be had: {missing})" if missing else "")

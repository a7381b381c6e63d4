"""The numbers of an answer as columns of plain values, as trackers take a table."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..export import long_form, long_rows

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["MOST_ROWS", "Columns", "columns", "encodable", "rows", "split_json"]

#: Name -> values, all equally many: text, numbers, booleans, None for what is undefined.
Columns = Mapping[str, list[Any]]
#: Above so many rows Weights & Biases cuts a table, so longer ones are not logged.
MOST_ROWS = 10_000


def columns(dataset: xr.Dataset) -> Columns | str:
    """A dataset in long form (as its .csv), or in words why it is not logged as a table."""
    count = long_rows(dataset)
    if count > MOST_ROWS:
        return f"not logged: {count:,} rows, and trackers show at most {MOST_ROWS:,}"
    return {str(name): list(map(_plain, array)) for name, array in long_form(dataset).items()}


def rows(table: Columns) -> Iterator[list[Any]]:
    """The table's rows."""
    return map(list, zip(*table.values(), strict=True))


def split_json(table: Columns) -> str:
    """{"columns": [...], "data": [[...], ...]}, the form in which pandas and MLflow read tables."""
    return json.dumps({"columns": list(table), "data": list(rows(table))}, allow_nan=False)


def encodable(text: str) -> str:
    r"""Text that can be written as UTF-8: lone surrogates as \udXXX.

    >>> encodable("a\ud800")
    'a\\ud800'
    """
    return text.encode("utf-8", "backslashreplace").decode()


def _plain(value: Any) -> Any:
    """A cell as JSON has it: NaN is None, an infinity its name."""
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return encodable(value) if isinstance(value, str) else value

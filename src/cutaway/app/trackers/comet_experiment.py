"""To Comet: assets, metrics, others, and the page in the HTML tab."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from html import escape
from typing import Any

from ...core.errors import InvalidError
from .asset import Asset
from .columns import Columns, rows
from .files import filed

__all__ = ["write"]

_FRAME = (
    '<h3 style="font-family:sans-serif">{name}</h3><iframe sandbox="allow-scripts" '
    'title="{name}" style="width:100%;height:900px;border:0" srcdoc="{page}"></iframe>'
)


def write(experiment: Any, asset: Asset) -> Iterator[str]:
    """Log an asset; yields the names of assets and metrics.

    The HTML tab joins all that is logged to it into one document, so a page goes there in a
    frame of its own; the pages of a training's steps are assets alone.

    Raises InvalidError for an experiment that has ended, which would take nothing and say nothing.
    """
    if getattr(experiment, "ended", False):
        raise InvalidError(
            "Comet experiment", experiment.get_key(), allowed="one that has not ended",
            fix="log before experiment.end()",
        )  # fmt: skip
    yield from _assets(experiment, asset)
    metrics = {f"{asset.name}/{name}": value for name, value in asset.scalars.items()}
    experiment.log_metrics(metrics, step=asset.step)
    experiment.log_others(
        {f"cutaway/{asset.name}/{name}": words for name, words in asset.about.items()}
    )
    yield from metrics


def _assets(experiment: Any, asset: Asset) -> Iterator[str]:
    def put(suffix: str, content: Any) -> str:
        path = f"{asset.stem}{suffix}"
        experiment.log_asset(content, file_name=path, overwrite=True, step=asset.step)
        return path

    if asset.page is not None:
        page = asset.page()
        yield put(".html", io.StringIO(page))
        if asset.step is None:
            experiment.log_html(_FRAME.format(name=escape(asset.name), page=escape(page)))
    for part, table in asset.tables.items():
        yield put(f"{part}.csv", io.StringIO(_csv(table)))
    if asset.trace is not None:
        with filed(asset.trace, asset.name) as path:
            content = path.read_bytes()  # Comet reads a file later, when this one is gone
        yield put(".trace", io.BytesIO(content))


def _csv(table: Columns) -> str:
    """The table as Comet shows it: comma separated, names first, undefined cells empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table)
    writer.writerows(rows(table))
    return text.getvalue()

"""To MLflow: artifacts in the folder cutaway/, metrics, tags."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ...core.errors import InvalidError, MissingError
from .asset import Asset
from .columns import split_json
from .files import filed

if TYPE_CHECKING:
    from ...trace.trace import Trace

__all__ = ["write"]

#: The tag by which MLflow's pages know which artifacts are tables.
_TABLES = "mlflow.loggedArtifacts"


def write(run: Any, asset: Asset) -> Iterator[str]:
    """Log an asset; yields the paths of artifacts and the names of metrics.

    A table is written as the file that MlflowClient.log_table writes, which itself would append
    to the rows of an earlier one, and needs pandas.
    """
    from mlflow.entities import Metric, RunTag

    client, run_id = _client(run)
    if asset.page is not None:
        client.log_text(run_id, asset.page(), f"{asset.stem}.html")
        yield f"{asset.stem}.html"
    tables = [f"{asset.stem}{part}.json" for part in asset.tables]
    for path, table in zip(tables, asset.tables.values(), strict=True):
        client.log_text(run_id, split_json(table), path)
        yield path
    if asset.trace is not None:
        yield _file(client, run_id, asset, asset.trace)
    now, step = int(time.time() * 1000), asset.step or 0
    metrics = [
        Metric(f"{asset.name}/{name}", value, now, step) for name, value in asset.scalars.items()
    ]
    tags = {f"cutaway.{asset.name}.{name}": words for name, words in asset.about.items()}
    tags[_TABLES] = _tables(client.get_run(run_id).data.tags.get(_TABLES, "[]"), tables)
    client.log_batch(run_id, metrics, (), [RunTag(*tag) for tag in tags.items()])
    yield from (metric.key for metric in metrics)


def _client(run: Any) -> tuple[Any, str]:
    """A client, and the id of the run."""
    from mlflow import MlflowClient

    if isinstance(run, ModuleType):
        run = run.active_run()
        if run is None:
            raise MissingError(
                "an active MLflow run", fix="write `with mlflow.start_run():`, or give a run"
            )
    if not isinstance(run, tuple):
        return MlflowClient(), str(run.info.run_id)
    client, *rest = run
    if len(rest) != 1:
        raise InvalidError("run", run, allowed="(MlflowClient, Run) or (MlflowClient, run id)")
    return client, rest[0] if isinstance(rest[0], str) else str(rest[0].info.run_id)


def _file(client: Any, run_id: str, asset: Asset, trace: Trace) -> str:
    folder, _, name = asset.stem.rpartition("/")
    with filed(trace, name) as path:
        client.log_artifact(run_id, str(path), folder)
    return f"{asset.stem}.trace"


def _tables(known: str, paths: list[str]) -> str:
    """The tag that lists a run's tables, with these added."""
    listed = json.loads(known)
    new = [{"path": path, "type": "table"} for path in paths]
    return json.dumps([*listed, *(entry for entry in new if entry not in listed)])

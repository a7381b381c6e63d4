"""To Weights & Biases: media and scalars in the run's history, provenance in its config."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from ...core.errors import MissingError
from .asset import Asset
from .columns import rows
from .files import filed

if TYPE_CHECKING:
    from ...trace.trace import Trace

__all__ = ["write"]

#: Run -> its step and the names that the open row of its history holds already.
_OPEN: WeakKeyDictionary[Any, tuple[int, set[str]]] = WeakKeyDictionary()


def write(run: Any, asset: Asset) -> Iterator[str]:
    """Log an asset; yields the keys of the history and the name of the artifact."""
    import wandb

    if isinstance(run, ModuleType):
        run = wandb.run
        if run is None:
            raise MissingError(
                "an active W&B run", fix="write `with wandb.init() as run:`, or give a run"
            )
    row = _row(wandb, asset)
    run.define_metric(f"{asset.name}/*", step_metric=f"{asset.name}/step", step_sync=False)
    _put(run, asset.name, row)
    run.config.update({"cutaway": _config(run, asset)}, allow_val_change=True)
    yield from row
    if asset.trace is not None:
        yield _artifact(wandb, run, asset, asset.trace)


def _row(wandb: Any, asset: Asset) -> dict[str, Any]:
    row: dict[str, Any] = dict(asset.scalars)
    if asset.page is not None:
        row["page"] = wandb.Html(asset.page(), inject=False, data_is_not_path=True)
    for part, table in asset.tables.items():
        row[f"table{part}"] = wandb.Table(
            columns=list(table), data=list(rows(table)), allow_mixed_types=True
        )
    if asset.step is not None:
        row["step"] = asset.step
    return {f"{asset.name}/{name}": value for name, value in row.items()}


def _put(run: Any, name: str, row: dict[str, Any]) -> None:
    """Add to the row of the history that is open.

    A row is closed only where it holds this name already: closing it each time would count the
    run's steps up past those that a training loop gives itself, and W&B drops rows that come with
    an earlier step.
    """
    step, names = _OPEN.get(run, (None, set[str]()))
    if step != run.step:
        names = set()
    elif name in names:
        run.log({}, commit=True)
        names = set()
    run.log(row, commit=False)
    _OPEN[run] = run.step, names | {name}


def _config(run: Any, asset: Asset) -> dict[str, Any]:
    """The provenance of all that was logged so far, by name."""
    return {**run.config.get("cutaway", {}), asset.name: dict(asset.about)}


def _artifact(wandb: Any, run: Any, asset: Asset, trace: Trace) -> str:
    """The trace's file as an artifact; its names are those of a project, so the run's id is in."""
    artifact = wandb.Artifact(f"{run.id}-{asset.name}", type="trace", metadata=dict(asset.about))
    with filed(trace, asset.name) as path:
        artifact.add_file(str(path))  # copies it
    run.log_artifact(artifact)
    return f"{run.id}-{asset.name}"

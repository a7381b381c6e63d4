"""Stand-ins for the runs of hosted trackers: they keep what was logged, by the trackers' rules."""

from __future__ import annotations

import io
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any


def as_of(module: str, name: str) -> Any:
    """A decorator: the class as if it were defined in a tracker's module."""

    def renamed(kind: type) -> type:
        kind.__module__, kind.__name__ = module, name
        return kind

    return renamed


@as_of("comet_ml.experiment", "CometExperiment")
class Experiment:
    """A live Comet experiment."""

    ended = False

    def __init__(self) -> None:
        self.assets: dict[str, tuple[bytes, int | None]] = {}
        self.metrics: list[tuple[dict[str, float], int | None]] = []
        self.others: dict[str, str] = {}
        self.html = ""

    def get_key(self) -> str:
        return "a-key"

    def log_asset(self, content: Any, *, file_name: str, overwrite: bool, step: int | None) -> None:
        assert overwrite or file_name not in self.assets
        data = content.read()
        self.assets[file_name] = (data.encode() if isinstance(data, str) else data, step)

    def log_html(self, html: str) -> None:
        self.html += html

    def log_metrics(self, metrics: dict[str, float], *, step: int | None) -> None:
        self.metrics.append((metrics, step))

    def log_others(self, others: dict[str, str]) -> None:
        self.others.update(others)


class _Online(Experiment):
    pass


#: What comet_ml.Experiment(...) gives: a class of another name that inherits from the one known.
OnlineExperiment = _Online


@as_of("wandb.sdk.wandb_run", "Run")
class Run:
    """A W&B run: rows with an earlier step than the open one's are dropped, as W&B does."""

    id = "abc"

    def __init__(self) -> None:
        self.step = 0
        self.rows: list[tuple[int, dict[str, Any]]] = []
        self.open: dict[str, Any] = {}
        self.dropped: list[dict[str, Any]] = []
        self.artifacts: list[Any] = []
        self.charts: dict[str, str] = {}
        self.config = Config()

    def define_metric(self, name: str, *, step_metric: str, step_sync: bool) -> None:
        self.charts[name] = step_metric

    def log(self, row: dict[str, Any], step: int | None = None, commit: bool | None = None) -> None:
        if step is not None and step < self.step:
            self.dropped.append(row)
            return
        if step is not None and step > self.step:
            self.close()
            self.step = step
        self.open |= row
        if commit or (commit is None and step is None):
            self.close()

    def close(self) -> None:
        if self.open:
            self.rows.append((self.step, self.open))
        self.open = {}
        self.step += 1

    def log_artifact(self, artifact: Any) -> None:
        self.artifacts.append(artifact)


class Config(dict[str, Any]):
    """Refuses a changed value unless told that it may change."""

    def update(self, values: dict[str, Any], *, allow_val_change: bool) -> None:  # type: ignore[override]
        assert allow_val_change
        super().update(values)


class Artifact:
    """Keeps the files it was given."""

    def __init__(self, name: str, type: str, metadata: dict[str, str]) -> None:  # noqa: A002
        self.name, self.type, self.metadata = name, type, metadata
        self.files: dict[str, bytes] = {}

    def add_file(self, path: str) -> None:
        self.files[Path(path).name] = Path(path).read_bytes()


def wandb() -> ModuleType:
    """The part of the module wandb that is used."""
    module = ModuleType("wandb")
    module.run = None  # type: ignore[attr-defined]
    module.Html = lambda data, inject, data_is_not_path: SimpleNamespace(  # type: ignore[attr-defined]
        html=data, inject=inject, path=not data_is_not_path
    )
    module.Table = lambda columns, data, allow_mixed_types: SimpleNamespace(  # type: ignore[attr-defined]
        columns=columns, data=data
    )
    module.Artifact = Artifact  # type: ignore[attr-defined]
    return module


@as_of("torch.utils.tensorboard.writer", "SummaryWriter")
class Writer:
    """A SummaryWriter of TensorBoard."""

    def __init__(self, folder: str) -> None:
        self.log_dir = folder
        self.images: dict[str, Any] = {}
        self.texts: dict[str, str] = {}
        self.scalars: list[tuple[str, float, int | None]] = []

    def add_image(self, tag: str, image: Any, step: int | None, *, dataformats: str) -> None:
        assert dataformats == "HWC"
        self.images[tag] = image

    def add_text(self, tag: str, text: str, step: int | None) -> None:
        self.texts[tag] = text

    def add_scalar(self, tag: str, value: float, step: int | None) -> None:
        self.scalars.append((tag, value, step))


def csv_rows(data: bytes) -> list[dict[str, str]]:
    import csv

    return list(csv.DictReader(io.StringIO(data.decode())))

"""Which tracker a run belongs to, found by the type of the run; no tracker is imported here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from ...core.errors import InvalidError
from .asset import Asset

__all__ = ["TRACKERS", "Tracker", "log", "tracker_of"]


@dataclass(frozen=True)
class Tracker:
    """One experiment tracker.

    name      as people call it
    extra     of cutaway that installs it
    packages  modules in which the classes of its runs are defined
    classes   names of those classes, or of classes they inherit from
    modules   what may be given itself, for its active run
    takes     what may be given, in words
    writer    our module that has `write(run, asset) -> names of what was logged`
    """

    name: str
    extra: str
    packages: tuple[str, ...]
    classes: frozenset[str]
    modules: tuple[str, ...]
    takes: str
    writer: str


TRACKERS = (
    Tracker(
        "MLflow", "mlflow", ("mlflow",), frozenset({"Run", "MlflowClient"}), ("mlflow",),
        "the module mlflow, an mlflow Run, (MlflowClient, Run)", "mlflow_run",
    ),
    Tracker(
        "Comet", "comet", ("comet_ml",),
        frozenset({"CometExperiment", "BaseExperiment", "Experiment", "OfflineExperiment"}), (),
        "a Comet Experiment or OfflineExperiment", "comet_experiment",
    ),
    Tracker(
        "Weights & Biases", "wandb", ("wandb",), frozenset({"Run"}), ("wandb",),
        "the module wandb, a wandb Run", "wandb_run",
    ),
    Tracker(
        "TensorBoard", "tensorboard", ("torch.utils.tensorboard", "tensorboardX"),
        frozenset({"SummaryWriter"}), (), "a TensorBoard SummaryWriter", "tensorboard_writer",
    ),
)  # fmt: skip


def log(run: Any, asset: Asset) -> tuple[str, ...]:
    """Log an asset to a run of any tracker; returns the names under which it is found there."""
    writer = import_module(f".{tracker_of(run).writer}", __package__)
    return tuple(writer.write(run, asset))


def tracker_of(run: Any) -> Tracker:
    """The tracker that a run belongs to.

    Raises InvalidError for anything else, with what is taken and which extras are missing.
    """
    for tracker in TRACKERS:
        if isinstance(run, ModuleType):
            if run.__name__ in tracker.modules:
                return tracker
        elif any(_is_of(tracker, kind) for kind in _kinds(run)):
            return tracker
    absent = [known for known in TRACKERS if not any(map(_installed, known.packages))]
    extras = " ".join(f"'cutaway[{known.extra}]'" for known in absent)
    raise InvalidError(
        "run", run, allowed="; ".join(tracker.takes for tracker in TRACKERS),
        fix=f"not installed here: pip install {extras}" if extras else "",
    )  # fmt: skip


def _kinds(run: Any) -> Iterator[type]:
    """The classes of a run; of a pair those of its first entry."""
    yield from type(run[0] if isinstance(run, tuple) and run else run).__mro__


def _is_of(tracker: Tracker, kind: type) -> bool:
    home = f"{kind.__module__}."
    inside = any(home.startswith(f"{package}.") for package in tracker.packages)
    return inside and kind.__name__ in tracker.classes


def _installed(package: str) -> bool:
    # torch.utils.tensorboard is there without tensorboard, and can't be imported then.
    return find_spec("tensorboard" if package.startswith("torch.") else package) is not None

"""Logs a generation, an answer and a sentiment to every experiment tracker, on this machine alone.

    python examples/trackers.py [FOLDER]

The trio is that of the article on attention in Comet: in one run three traces, each with the view
that shows it best. Nothing leaves the machine: MLflow writes to a database in the folder, Comet
and Weights & Biases write archives that `comet upload` and `wandb sync` would send.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FOLDER = Path(sys.argv[1] if len(sys.argv) > 1 else "trackers-example").resolve()
# Read by the trackers when they are imported.
os.environ |= {
    "COMET_DISABLE_AUTO_LOGGING": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "WANDB_DIR": str(FOLDER),
    "WANDB_DATA_DIR": str(FOLDER / "wandb-data"),
    "WANDB_MODE": "offline",
    "WANDB_SILENT": "true",
}

import cutaway as ct  # noqa: E402

#: Name in a run -> what is logged under it.
Trio = Mapping[str, ct.Trace | ct.View]


def trio(lm: ct.LM) -> Trio:
    """A generation, a question answered and a sentiment, as traces and as views."""
    generation = lm.generate("The keys to the cabinet", max_new_tokens=8)
    question = [{"role": "user", "content": "What is the capital of France?"}]
    answer = lm.generate(question, max_new_tokens=8)
    sentiment = lm.trace("Review: I loved every minute of this film.\nSentiment:")
    return {
        "generation": generation,
        "generation-attention": ct.attention(generation),
        "answer": answer,
        "answer-saliency": ct.saliency(answer),
        "sentiment": sentiment,
        "sentiment-watch": ct.watch(sentiment, [" positive", " negative"]),
    }


def log(found: Trio, run: Any) -> list[str]:
    """Everything under its name; returns all that is in the run then."""
    return [path for name, each in found.items() for path in each.log(run, name)]


def to_mlflow(found: Trio) -> None:
    import mlflow

    mlflow.set_tracking_uri(f"sqlite:///{FOLDER / 'mlflow.db'}")
    mlflow.create_experiment("trio", artifact_location=(FOLDER / "mlflow").as_uri())
    mlflow.set_experiment("trio")
    with mlflow.start_run() as run:
        log(found, mlflow)
    assert (FOLDER / "mlflow" / run.info.run_id / "artifacts/cutaway/answer-saliency.html").exists()


def to_comet(found: Trio) -> None:
    import comet_ml

    experiment = comet_ml.OfflineExperiment(
        project_name="trio", offline_directory=str(FOLDER), log_env_details=False, log_code=False,
        log_git_metadata=False, log_git_patch=False, display_summary_level=0,
    )  # fmt: skip
    log(found, experiment)
    experiment.end()
    assert list(FOLDER.glob("*.zip"))


def to_wandb(found: Trio) -> None:
    import wandb

    settings = wandb.Settings(console="off", x_disable_stats=True, x_disable_meta=True)
    with wandb.init(project="trio", settings=settings) as run:
        log(found, run)
    assert list(FOLDER.glob("wandb/offline-run-*/files/media/html/answer-saliency/page_*.html"))


def to_tensorboard(found: Trio) -> None:
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(str(FOLDER / "tensorboard")) as writer:
        logged = log(found, writer)
    assert "sentiment-watch/log_odds" in logged
    assert (FOLDER / "tensorboard/cutaway/sentiment.trace").exists()


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    found = trio(ct.load())
    for to_tracker in (to_mlflow, to_comet, to_wandb, to_tensorboard):
        to_tracker(found)
        print(f"{to_tracker.__name__.replace('_', ' ')}: logged in {FOLDER}")

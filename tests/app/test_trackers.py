"""What goes into a run of a tracker, whichever it is; hosted trackers by stand-ins."""

from __future__ import annotations

import html
import json
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import cutaway as ct
from cutaway.app.export import to_csv
from cutaway.app.trackers.columns import MOST_ROWS, columns, split_json
from cutaway.app.trackers.known import TRACKERS, tracker_of
from cutaway.app.trackers.made import asset_of_trace, asset_of_view
from cutaway.app.view import View
from cutaway.core.errors import InvalidError
from cutaway.model.lm import LM
from cutaway.render.page import page
from tests.app import trackers
from tests.app.trackers import csv_rows
from tests.same import same
from tests.test_light_import import loaded_after
from tests.view.made import logit_lens

LENS = "logit_lens"


@pytest.fixture
def view() -> View:
    return View(logit_lens())


@pytest.fixture(scope="module")
def trace(tiny_lm: LM) -> ct.Trace:
    return tiny_lm.generate("The keys", max_new_tokens=2)


@pytest.fixture
def wandb(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    module = trackers.wandb()
    monkeypatch.setitem(sys.modules, "wandb", module)
    return module


def test_a_tracker_is_known_by_the_type_of_its_run(wandb: ModuleType, tmp_path: Path) -> None:
    runs = {
        "Comet": trackers.OnlineExperiment(),
        "Weights & Biases": trackers.Run(),
        "TensorBoard": trackers.Writer(str(tmp_path)),
    }
    assert {tracker_of(run).name: run for run in runs.values()} == runs
    assert tracker_of(wandb).name == "Weights & Biases"
    assert tracker_of(ModuleType("mlflow")).name == "MLflow"
    client = trackers.as_of("mlflow.tracking.client", "MlflowClient")(type("MlflowClient", (), {}))
    assert tracker_of((client(), "run-id")).name == "MLflow"


@pytest.mark.parametrize("run", [None, "mlflow", (), object(), json, type("Run", (), {})()])
def test_anything_else_is_refused_with_the_list(run: Any, view: View) -> None:
    with pytest.raises(InvalidError) as said:
        view.log(run)
    for tracker in TRACKERS:
        assert tracker.takes in str(said.value)


def test_an_absent_tracker_is_named_with_its_extra(
    view: View, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cutaway.app.trackers import known

    absent = ("mlflow", "tensorboard", "tensorboardX")
    monkeypatch.setattr(known, "find_spec", lambda name: None if name in absent else name)
    with pytest.raises(InvalidError) as said:
        view.log(object())
    extras = re.findall(r"cutaway\[(\w+)\]", str(said.value))
    assert extras == ["mlflow", "tensorboard"]


@pytest.mark.parametrize("name", ["", "a/b", "../a", ".a", "-a", "a b", "é", "a" * 101, 3, "a\n"])
def test_a_name_that_a_tracker_would_not_take_is_refused(view: View, name: Any) -> None:
    experiment = trackers.Experiment()
    with pytest.raises(InvalidError, match="name"):
        view.log(experiment, name)
    assert not experiment.assets


@pytest.mark.parametrize("step", [-1, 1.5, "3", True])
def test_a_step_is_a_whole_number(view: View, step: Any) -> None:
    with pytest.raises(InvalidError, match="step"):
        view.log(trackers.Experiment(), step=step)


def test_a_table_is_the_csv_file(view: View) -> None:
    table = columns(view.data)
    assert not isinstance(table, str)
    rows = csv_rows(to_csv(view.data).encode())
    assert [*table, "made_by"] == list(rows[0])
    for name, values in table.items():
        for value, row in zip(values, rows, strict=True):
            if isinstance(value, float):
                assert np.float32(value) == np.float32(row[name])
            else:
                assert ("" if value is None else str(value)) == row[name]


def test_what_json_has_not_is_said_in_a_table(view: View) -> None:
    view.data["kl"].values[0, :3] = [np.nan, np.inf, -np.inf]
    view.data["input_text"].values[0] = "a\ud800"
    table = columns(view.data)
    assert not isinstance(table, str)
    read = json.loads(split_json(table), parse_constant=pytest.fail)
    at = read["columns"].index
    cells = [row for row in read["data"] if row[at("layer")] == -1 and row[at("k")] == 0]
    assert [row[at("kl")] for row in cells[:3]] == [None, "inf", "-inf"]
    assert cells[0][at("input_text")] == "a\\ud800"


def test_a_table_too_long_for_a_tracker_is_not_cut_but_left_out() -> None:
    long = View(logit_lens(layers=60, positions=60, k=3))
    asset = asset_of_view(long, None, None)
    assert asset.tables == {}
    assert f"{61 * 60 * 3:,} rows" in asset.about["table"]
    assert f"{MOST_ROWS:,}" in asset.about["table"]


def test_the_provenance_and_the_units_go_along(view: View) -> None:
    about = asset_of_view(view, None, None).about
    assert about["model"] == "made-up/model"
    assert "abc123" in about["made_by"]
    assert "the last state gives the model's logits" in about["made_by"]
    assert "mean_entropy" in about["scalars"]
    assert "nats" in about["scalars"]


def test_comet_gets_page_table_scalars_and_provenance(view: View) -> None:
    experiment = trackers.OnlineExperiment()
    logged = view.log(experiment)
    assert experiment.assets[f"cutaway/{LENS}.html"] == (page(view.spec).encode(), None)
    assert len(csv_rows(experiment.assets[f"cutaway/{LENS}.csv"][0])) == view.data["token_id"].size
    ((metrics, step),) = experiment.metrics
    assert step is None
    assert metrics[f"{LENS}/mean_entropy"] == pytest.approx(
        float(view.data["entropy"][-1].astype(np.float64).mean())
    )
    assert experiment.others[f"cutaway/{LENS}/model"] == "made-up/model"
    assert set(logged) == {*experiment.assets, *metrics}


def test_pages_share_comet_s_html_tab_in_frames_of_their_own(view: View) -> None:
    experiment = trackers.Experiment()
    view.log(experiment, "one")
    view.log(experiment, "two")
    frames = re.findall(r'<iframe sandbox="allow-scripts" [^>]*srcdoc="([^"]*)"', experiment.html)
    assert [html.unescape(frame) for frame in frames] == [page(view.spec)] * 2
    view.log(experiment, "two", step=3)
    assert experiment.html.count("<iframe") == 2


def test_an_experiment_that_has_ended_is_refused(view: View) -> None:
    experiment = trackers.Experiment()
    experiment.ended = True
    with pytest.raises(InvalidError, match="a-key"):
        view.log(experiment)


def test_a_trace_goes_into_a_run_as_its_file(
    trace: ct.Trace, wandb: ModuleType, tmp_path: Path
) -> None:
    experiment, run = trackers.Experiment(), trackers.Run()
    writer = trackers.Writer(str(tmp_path))
    trace.log(experiment, "mine")
    trace.log(run, "mine")
    trace.log(writer, "mine")
    files = [
        experiment.assets["cutaway/mine.trace"][0],
        run.artifacts[0].files["mine.trace"],
        (tmp_path / "cutaway/mine.trace").read_bytes(),
    ]
    assert (run.artifacts[0].name, run.artifacts[0].type) == ("abc-mine", "trace")
    for data in files:
        path = tmp_path / "again.trace"
        path.write_bytes(data)
        assert same(ct.open(path), trace)


def test_a_trace_s_table_is_its_tokens(trace: ct.Trace) -> None:
    asset = asset_of_trace(trace, None, None)
    assert asset.name == "trace"
    assert asset.tables[""]["token_id"] == list(trace.token_ids)
    assert asset.tables[""]["produced"] == [False] * trace.n_prompt + [True] * 2
    assert asset.scalars == {"tokens": float(trace.n_positions), "produced": 2.0}
    assert asset.about["prompt"] == "The keys"


def test_tensorboard_gets_a_picture_text_and_scalars(view: View, tmp_path: Path) -> None:
    writer = trackers.Writer(str(tmp_path))
    view.log(writer, step=4)
    image = writer.images[f"{LENS}/picture"]
    assert image.ndim == 3
    assert image.shape[2] == 3
    assert image.std() > 1
    assert all(line.startswith("    ") for line in writer.texts[f"{LENS}/text"].splitlines())
    assert (f"{LENS}/lead_layer", pytest.approx(writer.scalars[0][1]), 4) == writer.scalars[0]
    beside = tmp_path / f"cutaway/{LENS}/step-000004.html"
    assert beside.read_text("utf-8") == page(view.spec)


def test_a_folder_in_a_bucket_takes_no_files(view: View, tmp_path: Path) -> None:
    writer = trackers.Writer("gs://bucket/logs")
    logged = view.log(writer)
    assert not [name for name in logged if "html" in name]
    assert list(tmp_path.iterdir()) == []


def test_a_writer_of_tensorboardx_is_one_too(view: View, tmp_path: Path) -> None:
    kind = trackers.as_of("tensorboardX.writer", "SummaryWriter")(
        type("SummaryWriter", (trackers.Writer,), {})
    )
    writer = kind(str(tmp_path))
    writer.logdir = writer.__dict__.pop("log_dir")  # as it is called there
    view.log(writer)
    assert (tmp_path / f"cutaway/{LENS}.html").exists()


def test_a_report_gives_the_tables_and_scalars_of_its_lenses(trace: ct.Trace) -> None:
    experiment, report = trackers.Experiment(), ct.report(trace)
    report.log(experiment)
    ((metrics, _),) = experiment.metrics
    assert "report/lens/mean_entropy" in metrics
    assert experiment.assets["cutaway/report.html"][0].decode() == page(report.spec)
    rows = csv_rows(experiment.assets["cutaway/report.saliency.csv"][0])
    assert len(rows) == report.data["saliency"]["score"].size


def test_steps_have_files_of_their_own_and_a_name_is_replaced(view: View) -> None:
    experiment = trackers.Experiment()
    for step in (None, None, 1, 20, 20):
        view.log(experiment, "a", step=step)
    pages = {name for name in experiment.assets if name.endswith(".html")}
    assert pages == {
        "cutaway/a.html", "cutaway/a/step-000001.html", "cutaway/a/step-000020.html"
    }  # fmt: skip


@pytest.mark.slow
def test_no_tracker_is_imported_before_it_is_used() -> None:
    code = """
from cutaway.app.trackers.made import asset_of_view
from cutaway.app.trackers.known import tracker_of
from cutaway.app.view import View
from tests.app.trackers import Experiment
from tests.view.made import logit_lens
View(logit_lens()).log(Experiment())
"""
    assert not loaded_after(code) & {
        "mlflow", "comet_ml", "wandb", "tensorboard", "torch", "transformers"
    }  # fmt: skip

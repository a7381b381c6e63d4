"""What Comet, Weights & Biases and TensorBoard really keep on disk, read back from there."""

from __future__ import annotations

import html
import io
import json
import socket
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cutaway as ct
from cutaway.app.view import View
from cutaway.model.lm import LM
from cutaway.render.figure import figure
from cutaway.render.page import page
from tests.app.trackers import csv_rows
from tests.same import same
from tests.view.made import logit_lens

pytestmark = pytest.mark.slow

#: Block and header of the log in which W&B keeps its records (LevelDB's, after 7 bytes of its own).
_BLOCK, _HEADER, _OWN = 32768, 7, 7


@pytest.fixture(scope="module")
def trace(tiny_lm: LM) -> ct.Trace:
    return tiny_lm.generate("The keys", max_new_tokens=2)


@pytest.fixture
def view() -> View:
    return View(logit_lens())


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """No connection leaves this machine: those that try fail, and so does the test."""
    tried: list[Any] = []
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and address[0] not in ("127.0.0.1", "::1", "localhost"):
            tried.append(address)
            raise OSError(f"no network in tests: {address}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
    yield tried
    assert tried == []


def reopened(data: bytes, folder: Path) -> ct.Trace:
    path = folder / "again.trace"
    path.write_bytes(data)
    return ct.open(path)


def test_comet_s_offline_archive_holds_all_of_it(
    trace: ct.Trace, view: View, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMET_DISABLE_AUTO_LOGGING", "1")
    import comet_ml

    experiment = comet_ml.OfflineExperiment(
        project_name="tests", offline_directory=str(tmp_path), log_env_details=False,
        log_code=False, log_git_metadata=False, log_git_patch=False, display_summary_level=0,
        auto_output_logging=False,
    )  # fmt: skip
    view.log(experiment)
    view.log(experiment, "again", step=3)
    trace.log(experiment)
    experiment.end()
    (path,) = tmp_path.glob("*.zip")
    with zipfile.ZipFile(path) as archive:
        lines = archive.read("messages.json").splitlines()
        said = [json.loads(line) for line in lines]
        files = {
            each["payload"]["additional_params"]["fileName"]: (
                archive.read(each["payload"]["file_path"]),
                each["payload"]["additional_params"]["step"],
            )
            for each in said if each["type"] == "file_upload"
        }  # fmt: skip
    assert files["cutaway/logit_lens.html"] == (page(view.spec).encode(), None)
    assert files["cutaway/again/step-000003.html"] == (page(view.spec).encode(), 3)
    assert len(csv_rows(files["cutaway/logit_lens.csv"][0])) == view.data["token_id"].size
    assert same(reopened(files["cutaway/trace.trace"][0], tmp_path), trace)
    tab = [each["payload"]["html"] for each in said if each["type"] == "html"]
    assert len(tab) == 1
    assert "<iframe" in tab[0]
    metrics = {
        (each["payload"]["metric"]["metricName"], each["payload"]["metric"]["step"])
        for each in said if each["type"] == "metric_msg"
    }  # fmt: skip
    assert {("logit_lens/mean_entropy", None), ("again/mean_entropy", 3)} <= metrics
    others = {
        each["payload"]["key"]: each["payload"]["value"]
        for each in said if each["type"] == "log_other"
    }  # fmt: skip
    assert others["cutaway/logit_lens/model"] == "made-up/model"
    assert others["cutaway/trace/prompt"] == "The keys"


# W&B leaves folders of its own to be cleaned up when their objects are collected.
@pytest.mark.filterwarnings("ignore:Implicitly cleaning up:ResourceWarning")
def test_wandb_s_offline_folder_holds_all_of_it(
    trace: ct.Trace, view: View, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("WANDB_DIR", "WANDB_DATA_DIR", "WANDB_CACHE_DIR", "WANDB_CONFIG_DIR"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("WANDB_SILENT", "true")
    import wandb

    wandb.teardown()  # what another test has set up read another environment
    settings = wandb.Settings(
        console="off", disable_git=True, save_code=False, x_disable_stats=True, x_disable_meta=True
    )
    with wandb.init(project="tests", mode="offline", settings=settings) as run:
        for step in range(3):
            run.log({"loss": step}, step=step)
            view.log(run, "a", step=10 * step)
            view.log(run, "b", step=10 * step)
        view.log(run, "b", step=30)
        trace.log(run)
    wandb.teardown()  # its process writes the last block when it ends
    (folder,) = tmp_path.glob("wandb/offline-run-*")
    pages = [path.read_text("utf-8") for path in folder.glob("files/media/html/a/*.html")]
    assert pages == [page(view.spec)] * 3
    (table,) = folder.glob("files/media/table/trace/*.json")
    assert [row[1] for row in json.loads(table.read_text("utf-8"))["data"]] == list(trace.token_ids)
    rows, config, artifacts = kept_by_wandb(next(folder.glob("*.wandb")))
    assert [row["_step"] for row in rows] == [0, 1, 2, 3]
    assert [row.get("loss") for row in rows] == [0, 1, 2, None]
    assert [row["a/step"] for row in rows if "a/step" in row] == [0, 10, 20]
    assert [row["b/step"] for row in rows if "b/step" in row] == [0, 10, 20, 30]
    assert rows[0]["a/page/_type"] == "html-file"
    assert "a/mean_entropy" in rows[0]
    assert "trace/table/_type" in rows[-1]
    assert config["cutaway"]["a"]["model"] == "made-up/model"
    assert config["cutaway"]["trace"]["prompt"] == "The keys"
    (kept,) = [path for path in artifacts if path.endswith(".trace")]
    assert same(reopened(Path(artifacts[kept]).read_bytes(), tmp_path), trace)


def kept_by_wandb(path: Path) -> tuple[list[dict[str, Any]], dict[str, Any], dict[str, str]]:
    """The rows of the history, the config, and path -> copy of the artifacts' files."""
    from wandb.proto.wandb_internal_pb2 import Record

    rows, config, artifacts = [], {}, {}
    for data in records(path.read_bytes()):
        record = Record()
        record.ParseFromString(data)
        if record.HasField("history"):
            rows.append({
                item.key or "/".join(item.nested_key): json.loads(item.value_json)
                for item in record.history.item
            })  # fmt: skip
        for item in (*record.config.update, *record.run.config.update):
            config[item.key or item.nested_key[0]] = json.loads(item.value_json)
        for artifact in (record.artifact, record.request.log_artifact.artifact):
            artifacts |= {entry.path: entry.local_path for entry in artifact.manifest.contents}
    return rows, config, artifacts


def records(data: bytes) -> Iterator[bytes]:
    """The records of a LevelDB log: blocks of fragments, each a checksum, a length and a kind."""
    at, whole = _OWN, b""
    while at + _HEADER <= len(data):
        if _BLOCK - at % _BLOCK < _HEADER:  # too little for a header is left empty
            at += _BLOCK - at % _BLOCK
            continue
        length, kind = int.from_bytes(data[at + 4 : at + 6], "little"), data[at + 6]
        whole += data[at + _HEADER : at + _HEADER + length]
        at += _HEADER + length
        if kind in (1, 4):  # whole, or its last part
            yield whole
            whole = b""


# TensorBoard's own copy of html5lib, which its text plugin loads, announces its end.
@pytest.mark.filterwarnings("ignore:html5lib's sanitizer is deprecated:DeprecationWarning")
def test_tensorboard_s_events_hold_picture_text_and_scalars(
    trace: ct.Trace, view: View, tmp_path: Path
) -> None:
    from PIL import Image
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(str(tmp_path)) as writer:
        for step in (0, 5):
            logged = view.log(writer, step=step)
        trace.log(writer)
    events = EventAccumulator(str(tmp_path)).Reload()
    assert [event.step for event in events.Scalars("logit_lens/mean_entropy")] == [0, 5]
    (picture, _) = events.Images("logit_lens/picture")
    drawn = [
        np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
        for data in (picture.encoded_image_string, figure(view.spec, "png"))
    ]
    np.testing.assert_array_equal(*drawn)
    assert set(logged) >= set(events.Tags()["scalars"]) - {"trace/tokens", "trace/produced"}
    assert same(ct.open(tmp_path / "cutaway/trace.trace"), trace)
    for tag, hostile in (("text", "a <note>"), ("about", "</title><script>x</script>")):
        shown = shown_by_tensorboard(events, f"logit_lens/{tag}/text_summary")
        assert "<pre>" in shown
        assert hostile not in shown
        assert html.escape(hostile) in shown


def shown_by_tensorboard(events: Any, tag: str) -> str:
    """A text as TensorBoard's own page shows it: Markdown, then only harmless tags."""
    from tensorboard.plugin_util import markdown_to_safe_html

    (event, *_) = events.Tensors(tag)
    return str(markdown_to_safe_html(event.tensor_proto.string_val[0]))

"""A page in MLflow's own interface: a real server, two runs, the artifact opened in the browser."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

import cutaway as ct
from cutaway.app.view import View
from cutaway.render.page import page as page_of
from tests.same import same
from tests.view.made import logit_lens

#: Seconds for a server to start on a busy machine.
_PATIENCE = 180


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an MLflow server with SQLite in a folder of its own."""
    folder = tmp_path_factory.mktemp("mlflow")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port),
        "--workers", "1", "--backend-store-uri", f"sqlite:///{folder / 'runs.db'}",
        "--artifacts-destination", str(folder / "artifacts"),
    ]  # fmt: skip
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=log, env=os.environ | quiet, start_new_session=True
        )
    address = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + _PATIENCE
        while not answers(address):
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < until, (folder / "log").read_text()
            time.sleep(0.5)
        yield address
    finally:
        ended(process)


def ended(process: subprocess.Popen[bytes]) -> None:
    """It and its workers; a server that waits for connections to close is not waited for."""
    for way in (signal.SIGTERM, signal.SIGKILL):
        os.killpg(process.pid, way)
        with suppress(subprocess.TimeoutExpired):
            process.wait(20)
            return


def answers(address: str) -> bool:
    try:
        with urlopen(f"{address}/health", timeout=5) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


@pytest.fixture(scope="module")
def runs(server: str, tiny_lm: ct.LM) -> Iterator[tuple[str, str, ct.Trace]]:
    """Two runs with pages in them: one by the module, one by a client."""
    patch = pytest.MonkeyPatch()
    patch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    import mlflow

    patch.setenv("MLFLOW_TRACKING_URI", server)
    trace = tiny_lm.trace("The keys to the cabinet")
    with mlflow.start_run() as first:
        View(logit_lens(seed=1)).log(mlflow)
        View(logit_lens()).log(mlflow)  # in the place of the one before
        trace.log(first)
    client = mlflow.MlflowClient()
    second = client.create_run(first.info.experiment_id)
    for step in (0, 10):
        View(logit_lens(rank_of="next", seed=step)).log((client, second), "eval-lens", step=step)
    yield first.info.run_id, second.info.run_id, trace
    patch.undo()


def test_no_run_without_one_that_is_active(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import mlflow

    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    with pytest.raises(ct.CutawayError, match=r"mlflow\.start_run"):
        View(logit_lens()).log(mlflow)
    with pytest.raises(ct.CutawayError, match="run id"):
        View(logit_lens()).log((mlflow.MlflowClient(),))


def test_the_run_holds_page_table_scalars_and_file(
    runs: tuple[str, str, ct.Trace], server: str, tmp_path: Path
) -> None:
    import mlflow

    first, second, trace = runs
    view, client = View(logit_lens()), mlflow.MlflowClient(server)
    page = Path(client.download_artifacts(first, "cutaway/logit_lens.html", str(tmp_path)))
    assert page.read_text("utf-8") == page_of(view.spec)
    file = client.download_artifacts(first, "cutaway/trace.trace", str(tmp_path))
    assert same(ct.open(file), trace)
    experiment = client.get_run(first).info.experiment_id
    table = client.load_table(experiment, "cutaway/logit_lens.json", [first])
    assert len(table) == view.data["token_id"].size
    np.testing.assert_array_equal(table["token_id"], view.data["token_id"].values.ravel())
    data = client.get_run(first).data
    entropy = float(view.data["entropy"][-1].astype(np.float64).mean())
    assert data.metrics["logit_lens/mean_entropy"] == pytest.approx(entropy)
    assert data.tags["cutaway.logit_lens.model"] == "made-up/model"
    assert data.tags["cutaway.trace.prompt"] == "The keys to the cabinet"
    listed = json.loads(data.tags["mlflow.loggedArtifacts"])
    assert [entry["path"] for entry in listed] == ["cutaway/logit_lens.json", "cutaway/trace.json"]
    history = client.get_metric_history(second, "eval-lens/mean_entropy")
    assert [metric.step for metric in history] == [0, 10]
    pages = {each.path for each in client.list_artifacts(second, "cutaway/eval-lens")}
    assert "cutaway/eval-lens/step-000010.html" in pages


def test_the_page_draws_in_mlflow_s_sandboxed_frame(
    runs: tuple[str, str, ct.Trace], server: str, browser: Browser
) -> None:
    first, second, _ = runs
    context = browser.new_context(viewport={"width": 1500, "height": 1000})
    said: list[str] = []
    try:
        window = context.new_page()
        window.on("console", lambda told: said.append(f"{told.location.get('url')} {told.text}"))
        window.on("pageerror", lambda error: said.append(f"blob: {error}"))
        for run, name in ((first, "logit_lens"), (second, "eval-lens/step-000010")):
            drawn(window, f"{server}/#/experiments/0/runs/{run}/artifacts/cutaway/{name}.html")
    finally:
        context.close()
    # What MLflow's own interface says of itself is its own business.
    assert [line for line in said if line.startswith("blob:")] == []


def drawn(window: Page, address: str) -> None:
    """The picture is there, alive, in a frame that has no origin of its own."""
    window.goto("about:blank")
    window.goto(address)
    outside = window.locator("iframe")
    expect(outside).to_have_attribute("sandbox", "allow-scripts", timeout=60_000)
    picture = window.frame_locator("iframe").locator(".cutaway[data-ready]")
    expect(picture.locator("canvas").first).to_be_visible()
    other = picture.get_by_role("button", name="entropy")
    other.click()
    expect(other).to_have_attribute("aria-pressed", "true")

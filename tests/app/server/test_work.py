"""Work waits in bounded queues, is cancelled, and ends with those who wanted it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import psutil
import pytest
import torch

from cutaway.app.server.cancellation import Cancellation, Cancelled
from cutaway.app.server.settings import Limits
from cutaway.app.server.worker import FullError, Task, Worker
from cutaway.app.serving import serve
from cutaway.model.lm import LM

from .starting import Started, braked, events, started, wait_for

SHORT = Limits(waiting=2, unwatched_timeout=0.2)


@pytest.fixture
def narrow(server_lm: LM, tmp_path: Path) -> Iterator[Started]:
    """A server where two pieces of work may wait, and nobody waits long for a listener."""
    with started(tmp_path, server_lm, SHORT) as made:
        yield made


def test_who_finds_the_queue_full_is_told_when_to_come_again(
    narrow: Started, server_lm: LM
) -> None:
    with braked(server_lm) as brake:
        first = narrow.post_run(keep=True, max_new_tokens=2)
        assert brake.entered.wait(10)
        others = [narrow.post_run(keep=True, max_new_tokens=2) for _ in range(2)]
        places = [narrow.client.get(f"/api/jobs/{job}").json() for job in (first, *others)]
        assert [(job["state"], job["place"]) for job in places] == [
            ("running", 0), ("queued", 1), ("queued", 2),
        ]  # fmt: skip
        assert narrow.client.get("/api/state").json()["models"][0]["queue"] == 2
        for path in ("/api/runs", "/api/explore/ask?text=a"):
            full = narrow.client.post(path, json={"text": "a"})
            assert full.status_code == 429
            assert int(full.headers["retry-after"]) >= 1
            assert full.json()["problem"].startswith("2 pieces of work wait")
        brake.free.set()
        assert all(narrow.ended(job)["state"] == "done" for job in (first, *others))


def test_a_waiting_job_is_cancelled_at_once(narrow: Started, server_lm: LM) -> None:
    with braked(server_lm) as brake:
        first = narrow.post_run(keep=True, max_new_tokens=2)
        assert brake.entered.wait(10)
        second = narrow.post_run(keep=True)
        assert narrow.client.delete(f"/api/jobs/{second}").json()["state"] == "cancelled"
        assert narrow.client.get("/api/state").json()["models"][0]["queue"] == 0
        brake.free.set()
        assert narrow.ended(first)["state"] == "done"
    assert narrow.client.get("/api/runs").json()["total"] == 1


def test_a_running_job_ends_at_the_next_token(narrow: Started, server_lm: LM) -> None:
    before = hooks(server_lm)
    with braked(server_lm) as brake:
        job = narrow.post_run(max_new_tokens=30)
        with narrow.client.stream("GET", f"/api/jobs/{job}/events") as answer:
            assert brake.entered.wait(10)
            narrow.client.delete(f"/api/jobs/{job}")
            brake.free.set()
            *_, (name, _, last) = events(answer)
    assert (name, last["state"], last["run"]) == ("end", "cancelled", None)
    assert last["done"] <= 1
    assert narrow.client.get("/api/runs").json()["total"] == 0
    assert hooks(server_lm) == before
    assert narrow.client.delete(f"/api/jobs/{job}").json()["state"] == "cancelled"
    assert narrow.run()  # the model goes on


def test_a_job_that_is_over_stays_as_it_is(server: Started) -> None:
    job = server.post_run(max_new_tokens=2)
    assert server.ended(job)["state"] == "done"
    assert server.client.delete(f"/api/jobs/{job}").json()["state"] == "done"


def test_a_job_ends_with_its_last_listener(narrow: Started, server_lm: LM) -> None:
    with braked(server_lm) as brake:
        job = narrow.post_run(max_new_tokens=30)
        kept = narrow.post_run(max_new_tokens=2, keep=True)
        other = narrow.post_run(max_new_tokens=2)  # nobody ever listens to it
        with narrow.client.stream("GET", f"/api/jobs/{job}/events") as answer:
            assert next(events(answer))[0] == "state"
            assert brake.entered.wait(10)
            time.sleep(2 * SHORT.unwatched_timeout)
            assert narrow.service.jobs.get(job).state == "running"
        wait_for(lambda: narrow.service.jobs.get(other).state == "cancelled")
        task = narrow.service.jobs.get(job).task
        wait_for(lambda: task is not None and task.cancellation.requested)
        brake.free.set()
        assert narrow.ended(job)["state"] == "cancelled"
        assert narrow.ended(kept)["state"] == "done"


def test_a_picture_ends_with_the_client_that_wanted_it(narrow: Started, server_lm: LM) -> None:
    run = narrow.run()
    before = hooks(server_lm)
    with braked(server_lm) as brake:
        with suppress(httpx.ReadTimeout):
            narrow.client.get(f"/api/runs/{run}/views/saliency", timeout=0.3)
        assert brake.entered.wait(10)
        worker = narrow.service.models.all()[0].worker
        wait_for(lambda: worker.running is not None and worker.running.cancellation.requested)
        brake.free.set()
        wait_for(lambda: worker.idle)
    assert hooks(server_lm) == before
    assert narrow.client.get(f"/api/runs/{run}/views/saliency").status_code == 200


def test_cancelled_work_leaves_the_processor_idle(server: Started) -> None:
    """Twenty long jobs, cancelled: less than a tenth of a core is used afterwards."""
    jobs = [server.post_run(max_new_tokens=40) for _ in range(20)]
    for job in jobs:
        server.client.delete(f"/api/jobs/{job}")
    assert all(server.ended(job)["state"] in ("cancelled", "done") for job in jobs)
    before = sum(psutil.Process().cpu_times()[:2])
    time.sleep(0.5)
    assert sum(psutil.Process().cpu_times()[:2]) - before < 0.05


def test_many_clients_are_answered_or_told_to_wait(narrow: Started) -> None:
    """Twenty at once where two may wait: every prompt becomes a run in the end."""
    statuses: list[int] = []
    runs: list[str] = []

    def work(number: int) -> None:
        wanted = {"text": f"{number}, {number}", "max_new_tokens": 1, "keep": True}
        while (answer := narrow.client.post("/api/runs", json=wanted)).status_code == 429:
            statuses.append(answer.status_code)
            assert int(answer.headers["retry-after"]) >= 1
            time.sleep(0.05)
        runs.append(narrow.ended(answer.json()["job"])["run"])

    clients = [threading.Thread(target=work, args=(number,)) for number in range(20)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    assert len(set(runs)) == 20
    assert set(statuses) == {429}
    assert narrow.client.get("/api/runs").json()["total"] == 20


def test_a_server_can_be_stopped_as_soon_as_it_is_started(server_lm: LM, tmp_path: Path) -> None:
    for _ in range(3):
        app = serve(server_lm, runs=tmp_path)
        app.stop()
        app.stop()
        assert repr(app).endswith(", stopped)")
        with pytest.raises(httpx.ConnectError):
            httpx.get(app.url)


def test_a_fault_is_told_in_words_and_logged(
    server: Started,
    narrow: Started,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    run = narrow.run()

    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a secret of the server")

    monkeypatch.setattr("cutaway.lens.walk.walk", fail)
    monkeypatch.setattr(narrow.service.runs, "count", fail)
    monkeypatch.setattr(narrow.service.runs, "add", fail)
    told = [narrow.client.get(f"/api/runs/{run}/views/walk"), narrow.client.get("/api/runs")]
    for answer in told:
        assert (answer.status_code, set(answer.json())) == (500, {"problem"})
        assert "the server's log says more" in answer.text
        assert "secret" not in answer.text
        assert answer.headers["x-content-type-options"] == "nosniff"
    job = narrow.ended(narrow.post_run(max_new_tokens=1))
    assert (job["state"], "secret" in job["problem"]) == ("failed", False)
    log = (narrow.service.runs.folder / "serve.log").read_text("utf-8")
    assert log.count("ZeroDivisionError: a secret of the server") == 3
    assert capfd.readouterr() == ("", "")
    # Servers of one process share the logger, and the other one is to have no faults.
    (server.service.runs.folder / "serve.log").unlink()


def test_a_cancellation_stops_its_own_thread_only(server_lm: LM) -> None:
    cancellation = Cancellation()
    ids = torch.tensor([[1, 2, 3]])
    before = server_lm.model(input_ids=ids).logits
    with cancellation.hooked():
        cancellation.request()
        with pytest.raises(Cancelled):
            server_lm.model(input_ids=ids)
        given: list[torch.Tensor] = []
        other = threading.Thread(target=lambda: given.append(server_lm.model(input_ids=ids).logits))
        other.start()
        other.join()
    assert torch.equal(given[0], before)
    assert torch.equal(server_lm.model(input_ids=ids).logits, before)


def test_a_worker_does_one_thing_at_a_time_in_order() -> None:
    worker = Worker("test", 100)
    done: list[int] = []
    tasks = [worker.submit(Task(lambda _, i=i: done.append(i))) for i in range(50)]
    for task in tasks:
        task.result.result(10)
    assert done == list(range(50))
    assert worker.close(10)


def test_a_task_that_fails_does_not_stop_the_next() -> None:
    worker = Worker("test", 1)

    def fail(_: Cancellation) -> None:
        raise ZeroDivisionError

    free = threading.Event()
    first = worker.submit(Task(lambda _: free.wait(10)))
    wait_for(lambda: worker.running is first)
    second = worker.submit(Task(fail))
    with pytest.raises(FullError, match="1 pieces of work wait"):
        worker.submit(Task(fail))
    free.set()
    with pytest.raises(ZeroDivisionError):
        second.result.result(10)
    assert worker.submit(Task(lambda _: 7)).result.result(10) == 7
    assert worker.close(10)
    late = worker.submit(Task(lambda _: 7))
    with pytest.raises(Cancelled):
        late.result.result(10)


def hooks(lm: LM) -> int:
    """How many hooks the model's modules have."""
    return sum(
        len(module._forward_pre_hooks) + len(module._forward_hooks) for module in lm.model.modules()
    )

"""Models: loaded when they are needed, dropped for a newcomer, named safely."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cutaway.app.server.model_names import allowed_name, available_models
from cutaway.app.server.models import ModelEntry, ModelRegistry
from cutaway.app.server.worker import Task
from cutaway.core.errors import InvalidError, MissingError
from cutaway.model.lm import LM
from tests.models import tiny

from .starting import Started, braked, started, wait_for


@pytest.fixture(scope="module")
def models_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with three small models, and what is none."""
    folder = tmp_path_factory.mktemp("models")
    for seed, name in enumerate(("one", "two", "three")):
        model, tokenizer = tiny("llama", seed=seed)
        model.save_pretrained(folder / name)
        tokenizer.save_pretrained(folder / name)
    (folder / "broken").mkdir()
    (folder / "broken" / "config.json").write_text("{")
    (folder / "empty").mkdir()
    return folder


@pytest.fixture
def folder_server(models_folder: Path, tmp_path: Path) -> Iterator[Started]:
    """A server whose budget has room for two of these models."""
    room = 2.5 * _weight(models_folder / "one")
    with started(tmp_path, None, models=(models_folder,), budget=room / 1e9) as made:
        yield made


def _weight(folder: Path) -> int:
    return (folder / "model.safetensors").stat().st_size


def added(server: Started, name: str) -> str:
    answer = server.client.post("/api/models", json={"name": name})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["key"])


def state(server: Started) -> dict[str, dict[str, Any]]:
    """The models of the list by the last part of their names."""
    told = server.client.get("/api/state").json()
    assert told["used"] == sum(model["bytes"] for model in told["models"])
    assert told["used"] <= told["budget"]
    return {Path(model["name"]).name: model for model in told["models"]}


def test_the_longest_unused_model_makes_room_and_comes_back(folder_server: Started) -> None:
    assert folder_server.client.get("/api/state").json()["offered"] == [
        "broken",
        "one",
        "three",
        "two",
    ]
    keys = {}
    for name in ("one", "two"):
        keys[name] = added(folder_server, name)
        wait_for(lambda name=name: state(folder_server)[name]["state"] == "ready")
    run = folder_server.run(model=keys["one"])
    assert folder_server.client.get(f"/api/runs/{run}/views/attention").status_code == 200
    keys["three"] = added(folder_server, "three")
    wait_for(lambda: state(folder_server)["three"]["state"] == "ready")
    assert (state(folder_server)["one"]["state"], state(folder_server)["two"]["state"]) == (
        "ready",
        "dropped",
    )
    assert state(folder_server)["two"]["bytes"] == 0
    folder_server.run(model=keys["two"])
    now = {name: model["state"] for name, model in state(folder_server).items()}
    assert now == {"one": "dropped", "two": "ready", "three": "ready"}
    assert not folder_server.service.views.newest_last()  # its pictures would have kept the model
    assert folder_server.client.get(f"/api/runs/{run}/views/walk").status_code == 200


def test_a_model_at_work_is_not_dropped(folder_server: Started) -> None:
    for name in ("one", "two"):
        added(folder_server, name)
        wait_for(lambda name=name: state(folder_server)[name]["state"] == "ready")
    one, two = folder_server.service.models.all()
    assert one.lm is not None
    assert two.lm is not None
    with braked(one.lm) as first, braked(two.lm) as second:
        jobs = [folder_server.post_run(model=held.key, max_new_tokens=2) for held in (one, two)]
        assert first.entered.wait(10)
        assert second.entered.wait(10)
        added(folder_server, "three")
        wait_for(lambda: state(folder_server)["three"]["state"] == "failed")
        problem = state(folder_server)["three"]["problem"]
        assert "models at work hold" in problem
        assert "--budget" in problem
        first.free.set()
        second.free.set()
        assert [folder_server.ended(job)["state"] for job in jobs] == ["done", "done"]
    added(folder_server, "three")
    wait_for(lambda: state(folder_server)["three"]["state"] == "ready")


def test_what_is_no_model_fails_in_words(folder_server: Started) -> None:
    key = added(folder_server, "broken")
    wait_for(lambda: state(folder_server)["broken"]["state"] == "failed")
    job = folder_server.ended(folder_server.post_run(model=key))
    assert job["state"] == "failed"
    assert "can't be loaded" in job["problem"]
    assert folder_server.client.delete(f"/api/models/{key}").status_code == 204
    assert folder_server.client.delete(f"/api/models/{key}").status_code == 404
    shown = "SmolLM2-135M-Instruct"
    assert (
        folder_server.service.models.resolve(shown, lambda _: "the hub's") is None
    )  # the embedded one
    assert not folder_server.client.get("/api/state").json()["models"]


def test_a_run_outlives_its_model(folder_server: Started) -> None:
    """What was kept is looked at without it; what was not is refused in words."""
    key = added(folder_server, "one")
    run = folder_server.run(model=key)
    assert folder_server.client.delete(f"/api/models/{key}").status_code == 204
    answer = folder_server.client.get(f"/api/runs/{run}/views/walk")
    assert answer.status_code == 409
    assert answer.json()["problem"].startswith("missing")
    assert folder_server.client.get(f"/api/runs/{run}").status_code == 200
    added(folder_server, "one")
    assert folder_server.client.get(f"/api/runs/{run}/views/walk").status_code == 200


@pytest.mark.parametrize(
    "name",
    [
        "/etc", "/etc/passwd", "..", "../one", "one/../../secret", "~", "~/models", ".", "a/..",
        "a\0b", "file:///etc", "http://evil/x", "a/b/c", "empty", "", "a" * 2000, "tests", "src",
        "<script>alert(1)</script>", "owner/na me", "-rf", "C:\\x",
    ],
)  # fmt: skip
def test_a_page_names_no_path(folder_server: Started, name: str) -> None:
    """Not even a folder beside the server: "tests" and "src" are there when this runs."""
    answer = folder_server.client.post("/api/models", json={"name": name})
    assert answer.status_code == 422 or name == "empty", answer.text
    if answer.status_code == 202:  # "empty" could be the hub's, and there is none of that name
        wait_for(lambda: state(folder_server)["empty"]["state"] == "failed")


def test_code_of_a_model_can_not_be_trusted_from_the_page(folder_server: Started) -> None:
    for more in ({"trust_remote_code": True}, {"device_map": "auto"}, {"folder": "/"}):
        answer = folder_server.client.post("/api/models", json={"name": "one", **more})
        assert answer.status_code == 422
    schema = folder_server.client.get("/api/openapi.json").text
    assert "trust_remote_code" not in schema


def test_links_do_not_lead_out_of_a_folder(models_folder: Path, tmp_path: Path) -> None:
    inside = tmp_path / "models"
    inside.mkdir()
    (inside / "way_out").symlink_to(models_folder / "one")
    (inside / "two").symlink_to(inside / "way_out")
    with pytest.raises(InvalidError, match="invalid model"):
        allowed_name("../models/two", [inside])
    assert allowed_name("openai-community/gpt2", [inside]) == "openai-community/gpt2"
    assert allowed_name("one", [models_folder]) == str(models_folder.resolve() / "one")
    assert available_models([models_folder, tmp_path / "gone"]) == ["broken", "one", "three", "two"]


def test_a_model_too_large_for_the_budget_is_refused(tiny_lm: LM) -> None:
    dropped: list[ModelEntry] = []
    models = ModelRegistry(1000, 4, None, on_drop=dropped.append, on_change=lambda: None)
    with pytest.raises(MissingError, match="the budget is 1 kB"):
        models._make_room(models.add_loaded(tiny_lm), 2000)
    models.cancel_all()
    assert models.get(None).worker.submit(Task(lambda _: 1)).result.result(5) == 1


def test_what_only_the_start_may_say_is_given_whenever_its_model_is_loaded(
    tiny_lm: LM, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, Any]] = []
    monkeypatch.setattr("cutaway.app.api.load", lambda _, **how: asked.append(how) or tiny_lm)
    models = ModelRegistry(10**9, 4, "cuda:7", on_drop=lambda _: None, on_change=lambda: None)
    more = {"device_map": "auto", "trust_remote_code": True}
    own, other = models.add("a/b", load_options=more), models.add("a/c")
    for held in (own, other):
        held.worker.submit(Task(lambda _: None)).result.result(5)
    models._drop(own)
    models.acquire(own)
    plain = {"revision": None, "dtype": None}
    assert sorted(asked, key=str) == sorted(
        [{"device": None, **plain, **more}] * 2 + [{"device": "cuda:7", **plain}], key=str
    )
    assert models.add("a/b").load_options == more  # the page names it again: it is the same one
    models.remove(own.key)
    assert models.add("a/b").load_options == {}
    models.cancel_all()

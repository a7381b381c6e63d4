"""Texts that break programs, everywhere in the server's interface: never a fault, always words."""

from __future__ import annotations

import errno
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

import cutaway as ct
from tests.app.server.starting import Started, started
from tests.faults.entries import LONG
from tests.models import tiny

pytestmark = pytest.mark.slow

#: Characters that an address may have, each taking up to twelve bytes there.
_LONGEST = 2_000
#: Where a text may stand in an address.
ADDRESSES = (
    ("GET", "/api/runs?search={}"), ("GET", "/api/runs?tag={}"), ("GET", "/api/runs/{}"),
    ("GET", "/api/jobs/{}"), ("DELETE", "/api/runs/{}"), ("PUT", "/api/runs?name={}"),
    ("GET", "/api/runs/RUN/views/{}"), ("GET", "/api/runs/RUN/views/logit_lens?rank_of={}"),
    ("GET", "/api/runs/RUN/views/logit_lens?{}=1"), ("GET", "/api/runs/RUN/views/watch?tokens={}"),
    ("GET", "/api/runs/RUN/views/attention?tokens=re:{}"),
    ("GET", "/api/runs/RUN/views/saliency?contrast={}"),
    ("GET", "/api/runs/RUN/views/neurons?layers={}"), ("GET", "/api/runs/RUN/page/walk?layer={}"),
    ("GET", "/api/compare?a=RUN&b=RUN&lens={}"), ("GET", "/api/compare?a={}&b=RUN"),
    ("GET", "/api/explore?text={}"), ("GET", "/api/explore?text=a&session={}"),
    ("GET", "/api/explore?text=a&model={}"), ("GET", "/{}"), ("GET", "/?token={}"),
)  # fmt: skip
#: Where one may stand in a body.
BODIES = (
    ("POST", "/api/runs", "text"), ("POST", "/api/runs", "model"), ("POST", "/api/runs", "name"),
    ("POST", "/api/runs", "tags"), ("POST", "/api/runs", "chat"), ("POST", "/api/runs", "seed"),
    ("POST", "/api/models", "name"), ("POST", "/api/models", "revision"),
    ("PATCH", "/api/runs/RUN", "name"), ("PATCH", "/api/runs/RUN", "tags"),
    ("POST", "/api/runs/RUN/views/attention/ask", "what"),
    ("POST", "/api/explore/ask?text=a", "what"),
)  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    folder = tmp_path_factory.mktemp("served")
    (folder / "models").mkdir()
    with started(
        folder / "runs", ct.wrap(*tiny("llama", seed=1)), models=(folder / "models",)
    ) as made:
        yield made
    assert not (folder / "runs" / "serve.log").exists(), (folder / "runs" / "serve.log").read_text()


def in_words(answer: httpx.Response) -> None:
    """No fault; a refusal says why."""
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400 and answer.headers.get("content-type") == "application/json":
        assert answer.json()["problem"]


@pytest.mark.parametrize(("method", "path"), ADDRESSES)
def test_any_text_in_an_address(server: Started, method: str, path: str) -> None:
    run = server.run(name="known", keep=True)
    for text in LONG.values():
        written = quote(text[:_LONGEST].encode("utf-8", "surrogatepass"), safe="")
        where = path.replace("RUN", run).format(written)
        in_words(server.client.request(method, where, content=b"{}"))
    assert server.client.get(f"/api/runs/{run}").status_code == 200


@pytest.mark.parametrize(("method", "path", "field"), BODIES)
def test_any_text_in_a_body(server: Started, method: str, path: str, field: str) -> None:
    run = server.run(name="known", keep=True)
    for text in LONG.values():
        body: dict[str, Any] = {field: [text] if field == "tags" else text}
        if (method, path) == ("POST", "/api/runs"):
            body = {"text": "a", "max_new_tokens": 1, "keep": True, **body}
        # Half a character can be written in JSON, as an escape.
        answer = server.client.request(
            method, path.replace("RUN", run), content=json.dumps(body).encode(),
            headers={"content-type": "application/json"},
        )  # fmt: skip
        in_words(answer)
        if answer.status_code == 202:
            job = server.ended(answer.json()["job"])
            assert job["state"] == "done" or job["problem"], job
            assert "fault" not in job["problem"]
    assert server.client.get("/api/state").status_code == 200


def test_a_disk_that_is_full_while_a_file_comes_in_is_said(
    server: Started, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run = server.run(name="known", keep=True)
    whole = server.client.get(f"/api/runs/{run}/trace").content

    def full(*_: Any, **__: Any) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "open", full)
        answer = server.client.put("/api/runs", content=whole)
    assert answer.status_code == 422
    assert "the disk is full" in answer.json()["problem"]
    assert server.client.put("/api/runs", content=whole).status_code == 200
    assert list(server.service.runs.incoming.iterdir()) == []

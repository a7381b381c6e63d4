"""A disk that is full while a run is made or sent in: said in words, and nothing half is left."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from cutaway.model.lm import LM

from .starting import started


def fill(*_: Any) -> Any:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_fails_the_job_and_the_upload_and_nothing_else(
    server_lm: LM, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with started(tmp_path, server_lm) as made:
        kept = made.run()
        sent = made.client.get(f"/api/runs/{kept}/trace").content
        assert made.client.delete(f"/api/runs/{kept}").status_code == 204
        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", fill)
            job = made.ended(made.post_run(max_new_tokens=2))
            assert (job["state"], job["run"]) == ("failed", None)
            assert "the disk is full" in job["problem"]
            answer = made.client.put("/api/runs", content=sent)
            assert (answer.status_code, "disk is full" in answer.text) == (422, True)
            assert str(tmp_path) not in answer.text
        assert list(made.service.runs.incoming.iterdir()) == []
        assert made.client.get("/api/runs").json()["total"] == 0
        assert made.client.put("/api/runs", content=sent).status_code == 201
        assert made.run(text="Another")
    assert not (tmp_path / "serve.log").exists()

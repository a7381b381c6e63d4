"""What is sent in: measured before it is read, read as a trace file and as nothing else."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from cutaway.app.server.settings import Limits
from cutaway.model.lm import LM
from tests.fuzz import damages

from .starting import Started, started, wait_for
from .test_security import cookie

MEGABYTE = 1_000_000


def test_two_gigabytes_are_refused_before_they_are_read(server: Started) -> None:
    sent = 0

    def parts() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(2000):
            sent += MEGABYTE
            yield bytes(MEGABYTE)

    told = {"Content-Length": str(2000 * MEGABYTE)}
    answer = httpx.put(
        f"{server.base}api/runs", content=parts(), headers=told, cookies=server.client.cookies
    )
    assert answer.status_code == 413
    assert answer.json() == {"problem": "a body may have at most 1 GB here"}
    assert sent < 50 * MEGABYTE
    sent = 0
    answer = httpx.put(f"{server.base}api/runs", content=parts(), cookies=server.client.cookies)
    assert answer.status_code == 411
    assert sent < 50 * MEGABYTE
    assert not list(server.service.runs.incoming.iterdir())


def test_other_bodies_are_short(server: Started) -> None:
    long = b'{"text": "' + b"a" * 2 * MEGABYTE + b'"}'
    told = {"Content-Type": "application/json"}
    assert server.client.post("/api/runs", content=long, headers=told).status_code == 413

    def parts() -> Iterator[bytes]:
        yield from (long[at : at + 65536] for at in range(0, len(long), 65536))

    answer = server.client.post("/api/runs", content=parts(), headers=told)
    assert answer.status_code == 413
    assert "at most 1 MB" in answer.json()["problem"]


@pytest.mark.parametrize("length", ["-1", "1e3", "x", "99999999999999999999", " 5"])
def test_a_false_length_is_refused(server: Started, length: str) -> None:
    lines = (
        "PUT /api/runs HTTP/1.1", f"Host: localhost:{server.service.settings.port}",
        f"Content-Length: {length}", "Connection: close", cookie(server),
    )  # fmt: skip
    with socket.create_connection(("127.0.0.1", server.service.settings.port), 10) as wire:
        wire.sendall(("\r\n".join(lines) + "\r\n\r\nhello").encode())
        assert wire.makefile("rb").readline().split()[1] in (b"400", b"413", b"422")
    assert server.client.get("/api/state").status_code == 200


def test_a_client_that_goes_in_the_middle_leaves_nothing(server: Started, run_id: str) -> None:
    before = server.client.get("/api/runs").json()["total"]
    sent = server.client.get(f"/api/runs/{run_id}/trace").content
    lines = (
        "PUT /api/runs HTTP/1.1", f"Host: localhost:{server.service.settings.port}",
        f"Content-Length: {len(sent)}", cookie(server),
    )  # fmt: skip
    with socket.create_connection(("127.0.0.1", server.service.settings.port), 10) as wire:
        wire.sendall(("\r\n".join(lines) + "\r\n\r\n").encode() + sent[: len(sent) // 2])
    assert server.client.get("/api/runs").json()["total"] == before
    incoming = server.service.runs.incoming
    wait_for(lambda: not list(incoming.iterdir()))
    assert not (server.service.runs.folder / "serve.log").exists()


@pytest.mark.parametrize(
    "content",
    [
        b"", b"hello", b"PK\x03\x04" + bytes(100), b"\x80\x05cos\nsystem\n", b"{}" * 50,
        (2**63).to_bytes(8, "little") + b"{", (10**8).to_bytes(8, "little") + b'{"a": ',
        (2**64 - 1).to_bytes(8, "little") + b"{" + bytes(1000),
        len(b"[" * 100_000).to_bytes(8, "little") + b"[" * 100_000,
    ],
)  # fmt: skip
def test_what_is_no_trace_is_refused_in_words(server: Started, content: bytes) -> None:
    """Also headers that claim more than there is, and ones that would nest without end."""
    answer = server.client.put("/api/runs", content=content, params={"name": "../x"})
    assert answer.status_code == 422, answer.text
    assert set(answer.json()) == {"problem"}
    assert "Traceback" not in answer.text
    assert str(server.service.runs.folder) not in answer.text


def test_damaged_files_are_refused_or_whole(tiny_lm: LM, tmp_path: Path) -> None:
    """Nothing is written outside the store, and what is taken in is what was sent."""
    raw = tiny_lm.trace("The keys").save(tmp_path / "whole.trace").read_bytes()
    copies = list(damages(raw, every=997, seed=3))
    random.Random(3).shuffle(copies)
    folder = tmp_path / "outer" / "runs"
    folder.parent.mkdir()
    with started(folder, tiny_lm, Limits(upload=100_000)) as made:
        for how, content in copies[:100]:
            answer = made.client.put("/api/runs", content=content)
            assert answer.status_code in (201, 200, 422), (how, answer.text)
        for run in made.service.runs.list():
            assert made.service.runs.path(run.id).read_bytes() in [copy for _, copy in copies]
        assert [path.name for path in (tmp_path / "outer").iterdir()] == ["runs"]
        assert {path.parent for path in folder.rglob("*.trace")} <= {*folder.glob("??")}
        answer = made.client.put("/api/runs", content=bytes(100_001))
        assert answer.status_code == 413

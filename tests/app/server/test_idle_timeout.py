"""Clients that are slow, many or sly: who says nothing loses his place, and nobody else waits."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import httpx
import pytest

from cutaway.app.server import idle_timeout, models
from cutaway.app.server.settings import Limits
from cutaway.model.lm import LM

from .starting import Started, braked, events, started, wait_for
from .test_security import cookie


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idle_timeout, "REQUEST_TIMEOUT", 0.3)


def connected(server: Started) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.service.settings.port), 10)


@pytest.mark.usefixtures("hasty")
def test_connections_that_say_nothing_are_closed(server: Started) -> None:
    many = [connected(server) for _ in range(40)]
    for wire in many:
        with wire:
            assert wire.recv(1) == b""
    assert server.client.get("/api/state").status_code == 200


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("first", ["", "GET /api/state HTTP/1.1\r\nHost: localhost\r\n\r\n"])
def test_a_head_that_comes_byte_by_byte_is_not_waited_for(server: Started, first: str) -> None:
    """Neither as the first of a connection, nor behind another request."""
    with connected(server) as wire:
        wire.sendall(first.encode())
        begun = time.monotonic()
        with pytest.raises(OSError):  # noqa: PT012 - some byte or other is too much
            for byte in b"GET / HTTP/1.1\r\nX: " + b"a" * 200:
                wire.sendall(bytes([byte]))
                time.sleep(0.02)
        assert time.monotonic() - begun < 3


@pytest.mark.usefixtures("hasty")
def test_who_waits_for_an_answer_is_left_alone(server: Started, server_lm: LM) -> None:
    with braked(server_lm) as brake:
        job = server.post_run(max_new_tokens=2)
        assert brake.entered.wait(10)
        with server.client.stream("GET", f"/api/jobs/{job}/events") as answer:
            heard = events(answer)
            next(heard)
            time.sleep(1)
            brake.free.set()
            assert [name for name, _, _ in heard][-1] == "end"


def test_a_body_that_stops_is_not_waited_for(server_lm: LM, tmp_path: Path) -> None:
    with started(tmp_path, server_lm, Limits(body_timeout=0.3)) as made:
        lines = ("Host: localhost", "Content-Length: 1000", "Content-Type: x", cookie(made))
        for begin in ("PUT /api/runs HTTP/1.1", "POST /api/runs HTTP/1.1"):
            with connected(made) as wire:
                wire.sendall(("\r\n".join((begin, *lines)) + "\r\n\r\nhello").encode())
                assert wire.makefile("rb").readline().split()[1] == b"408"
        wait_for(lambda: not list(made.service.runs.incoming.iterdir()))
        assert not (tmp_path / "serve.log").exists()


def test_the_address_that_opens_the_browser_lets_in_once(server_lm: LM, tmp_path: Path) -> None:
    """Every user of the machine can read it in the list of processes."""
    with started(tmp_path, server_lm) as made:
        settings = made.service.settings
        assert settings.once not in settings.url
        assert [httpx.get(settings.url_once).status_code for _ in range(3)] == [303, 401, 401]
        assert httpx.get(settings.url).status_code == 303
        assert httpx.get(f"{settings.address}?token=").status_code == 401


@pytest.mark.parametrize("revision", ["../../secret", "a/../b", "/etc", "a//b", "a b", "", "a\n"])
def test_a_revision_leads_nowhere_else(server: Started, revision: str) -> None:
    answer = server.client.post("/api/models", json={"name": "a/b", "revision": revision})
    assert answer.status_code == 422
    assert "revision" in answer.json()["problem"]


def test_a_list_of_models_has_an_end(server: Started, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "_MOST", 1)
    before = server.client.get("/api/state").json()["models"]
    answer = server.client.post("/api/models", json={"name": "a/b"})
    assert (answer.status_code, "up to 1" in answer.json()["problem"]) == (422, True)
    assert [one["key"] for one in server.client.get("/api/state").json()["models"]] == [
        one["key"] for one in before
    ]


def test_two_servers_share_one_store(server_lm: LM, tmp_path: Path) -> None:
    with started(tmp_path, server_lm) as one, started(tmp_path, server_lm) as other:
        run = one.run()
        listed = other.client.get("/api/runs").json()["runs"]
        assert [each["id"] for each in listed] == [run]
        for made in (one, other):
            assert made.client.get(f"/api/runs/{run}/views/logit_lens").status_code == 200
        assert other.client.delete(f"/api/runs/{run}").status_code == 204
        for made in (one, other):
            answer = made.client.get(f"/api/runs/{run}/views/logit_lens")
            assert (answer.status_code, "unknown run" in answer.json()["problem"]) == (404, True)

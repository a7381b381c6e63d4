"""Who may enter: no token, wrong Host, foreign Origin, other addresses, passwords."""

from __future__ import annotations

import socket
from pathlib import Path

import httpx
import pytest

from cutaway.app.serving import serve
from cutaway.core.errors import InvalidError, MissingError
from cutaway.model.lm import LM

from .starting import Started, started

PATHS = (
    "/", "/runs", "/runs/abcd", "/explore", "/compare", "/assets/app.js", "/api/state", "/api/runs",
    "/api/openapi.json", "/login", "/nowhere", "/../../etc/passwd", "//evil.example/", "/?token=no",
)  # fmt: skip


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_without_token_or_cookie_every_path_is_refused(server: Started, method: str) -> None:
    for path in PATHS:
        answer = httpx.request(method, f"{server.base.rstrip('/')}{path}")
        assert answer.status_code == 401, path
        assert "location" not in answer.headers
        assert "set-cookie" not in answer.headers


def test_the_printed_address_gives_the_cookie_and_hides_the_token(server: Started) -> None:
    answer = httpx.get(server.app.url)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"]
    settings = server.service.settings
    assert cookie.startswith(f"cutaway_{settings.port}=")
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()
    assert settings.token not in cookie
    page = httpx.get(server.base, cookies=answer.cookies)
    assert page.status_code == 200
    assert "<script>" not in page.text
    assert settings.token not in page.text


def test_a_script_may_come_with_the_token_in_a_header(server: Started) -> None:
    token = server.service.settings.token
    headers = {"Authorization": f"Bearer {token}"}
    assert httpx.get(f"{server.base}api/state", headers=headers).status_code == 200
    for wrong in (f"Bearer {token}x", f"Basic {token}", "Bearer", "Bearer é".encode()):
        answer = httpx.get(f"{server.base}api/state", headers={"Authorization": wrong})
        assert answer.status_code == 401


@pytest.mark.parametrize(
    "cookie", ["x", "", "a=b; c", "=" * 100, "\x7f", "cutaway_{port}=", "cutaway_{port}=é"]
)
def test_a_wrong_cookie_is_none(server: Started, cookie: str) -> None:
    value = cookie.format(port=server.service.settings.port).encode()
    answer = httpx.get(f"{server.base}api/state", headers={"Cookie": value})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "host",
    [
        "evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost.evil.example",
        "127.0.0.2", "8.8.8.8", "user@localhost", "localhost:port", "[::1", "", "local host",
        "localhost,evil.example",
    ],
)  # fmt: skip
def test_a_wrong_host_is_refused_even_with_the_cookie(server: Started, host: str) -> None:
    """DNS rebinding: a page of evil.example whose name suddenly means 127.0.0.1."""
    for path in ("/api/state", "/", f"/?token={server.service.settings.token}"):
        status = raw(server, f"GET {path} HTTP/1.1", f"Host: {host}", cookie(server))
        assert status in (400, 403), path  # 400: uvicorn's own parser


def test_ones_own_names_are_right(server: Started) -> None:
    port = server.service.settings.port
    for host in (f"localhost:{port}", f"127.0.0.1:{port}", f"LOCALHOST:{port}", "localhost:9000"):
        assert raw(server, "GET /api/state HTTP/1.1", f"Host: {host}", cookie(server)) == 200


def test_two_hosts_or_none_are_refused(server: Started) -> None:
    assert raw(server, "GET /api/state HTTP/1.1", cookie(server)) in (400, 403)
    two = ("Host: localhost", "Host: evil.example")
    assert raw(server, "GET /api/state HTTP/1.1", *two, cookie(server)) in (400, 403)


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://127.0.0.1", "http://localhost:1", "file://", "x"],
)
def test_a_foreign_origin_is_refused(server: Started, origin: str) -> None:
    for method, path in (
        ("POST", "/api/runs"),
        ("GET", "/api/state"),
        ("DELETE", "/api/runs/abcd"),
    ):
        answer = server.client.request(method, path, headers={"Origin": origin})
        assert answer.status_code == 403
        assert "access-control-allow-origin" not in answer.headers


def test_ones_own_origin_is_right(server: Started) -> None:
    origin = {"Origin": server.base.rstrip("/"), "Sec-Fetch-Site": "same-origin"}
    assert server.client.get("/api/state", headers=origin).status_code == 200


def test_other_sites_may_not_load_anything(server: Started) -> None:
    for site in ("cross-site", "same-site"):
        headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors"}
        assert server.client.get("/assets/app.js", headers=headers).status_code == 403
        headers["Sec-Fetch-Mode"] = "navigate"
        assert server.client.get("/", headers=headers).status_code == 200


def test_every_answer_forbids_what_a_page_does_not_need(server: Started) -> None:
    answers = [
        server.client.get("/"), server.client.get("/api/state"), server.client.get("/nowhere"),
        httpx.get(server.base), server.client.get("/", headers={"Host": "evil.example"}),
    ]  # fmt: skip
    for answer in answers:
        policy = answer.headers["content-security-policy"].split("; ")
        assert {"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"} <= {*policy}
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
        assert "server" not in answer.headers


def test_another_address_needs_a_password_or_a_flag(tmp_path: Path) -> None:
    for host in ("0.0.0.0", "::", "192.168.1.1"):
        with pytest.raises(InvalidError, match="give a password, or say that you trust"):
            serve(host=host, runs=tmp_path)
    with pytest.raises(InvalidError, match="at least 8 characters"):
        serve(host="0.0.0.0", runs=tmp_path, password="short")


def test_a_missing_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cutaway.app.serving.find_spec", lambda _: None)
    with pytest.raises(MissingError, match=r"pip install 'cutaway\[app\]'"):
        serve(runs=tmp_path)


def test_a_password_lets_in_and_a_wrong_one_does_not(tiny_lm: LM, tmp_path: Path) -> None:
    with started(tmp_path, tiny_lm, password="correct horse", names=("lab.example",)) as made:
        browser = httpx.Client(base_url=made.base, headers={"Accept": "text/html"})
        with browser:
            page = browser.get("/runs")
            assert page.status_code == 401
            assert 'action="/login"' in page.text
            wrong = browser.post("/login", data={"password": "wrong horse"})
            assert (wrong.status_code, "set-cookie" in wrong.headers) == (401, False)
            foreign = browser.post(
                "/login", data={"password": "correct horse"}, headers={"Origin": "http://evil"}
            )
            assert foreign.status_code == 403
            right = browser.post("/login", data={"password": "correct horse"})
            assert (right.status_code, right.headers["location"]) == (303, "/")
            assert browser.get("/").status_code == 200
            assert browser.get("/", headers={"Host": "LAB.example"}).status_code == 200
    assert "correct horse" not in repr(made.service.settings)


def test_without_a_password_there_is_no_login(server: Started) -> None:
    answer = server.client.post("/login", data={"password": ""})
    assert (answer.status_code, "set-cookie" in answer.headers) == (401, False)


def test_web_sockets_are_refused(server: Started) -> None:
    lines = (
        "GET /api/state HTTP/1.1", f"Host: localhost:{server.service.settings.port}",
        "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    )  # fmt: skip
    assert raw(server, *lines) in (400, 401, 403, 426)


def cookie(server: Started) -> str:
    settings = server.service.settings
    return f"Cookie: {settings.cookie_name}={settings.cookie}"


def raw(server: Started, *lines: str) -> int:
    """The status of a request written by hand."""
    with socket.create_connection(("127.0.0.1", server.service.settings.port), 10) as wire:
        wire.sendall(("\r\n".join((*lines, "Connection: close")) + "\r\n\r\n").encode())
        return int(wire.makefile("rb").readline().split()[1])

"""Notebook servers of the tests' own: a free port, a token, a folder, nobody's settings."""

from __future__ import annotations

import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from playwright.sync_api import Browser, Locator, Page, Route, expect

ROOT = Path(__file__).parents[2]
_PROGRAMS = Path(sys.executable).parent
#: Seconds until a server that does not answer has failed, and milliseconds for all its cells.
_PATIENCE, RUN = 60, 300_000
#: The pictures of the first steps, in their order.
LENS, PREDICTIONS, WATCH, SALIENCY, ATTENTION, WALK, REPORT = range(7)
#: Addresses on other machines.
_ELSEWHERE = re.compile(r"^https?://(?!127\.0\.0\.1[:/])")


@contextmanager
def jupyterlab(folder: Path, *, widgets: bool = True) -> Iterator[str]:
    """Serve a folder; the address of JupyterLab, to be followed by a path, and its token.

    widgets  whether the extension for widgets is on
    """
    token = secrets.token_hex(16)
    environment = _environment(folder)
    settings = Path(environment["JUPYTERLAB_SETTINGS_DIR"]) / "@jupyterlab/apputils-extension"
    settings.mkdir(parents=True, exist_ok=True)
    (settings / "notification.jupyterlab-settings").write_text(
        '{"fetchNews": "false", "checkForUpdates": false}'
    )
    if not widgets:
        _disable("@jupyter-widgets/jupyterlab-manager", "anywidget", environment=environment)
    command = [
        str(_PROGRAMS / "jupyter"), "lab", "--no-browser", "--allow-root", "--ip=127.0.0.1",
        "--ServerApp.port=0", f"--ServerApp.root_dir={folder}",
        f"--IdentityProvider.token={token}",
    ]  # fmt: skip
    runtime = Path(environment["JUPYTER_RUNTIME_DIR"])
    with _served(command, environment, folder) as server:
        written = runtime / f"jpserver-{server.pid}.json"
        until(lambda: _address(written) or _ended(server))
        until(lambda: _answers(f"{_address(written)}api/status", token) or _ended(server))
        yield f"{_address(written)}lab/tree/{{path}}?token={token}"


@contextmanager
def marimo(notebook: Path, *, theme: str) -> Iterator[str]:
    """Edit a notebook in marimo, which runs it at once; its address."""
    token, port = secrets.token_hex(16), _free_port()
    environment = _environment(notebook.parent)
    settings = Path(environment["XDG_CONFIG_HOME"]) / "marimo" / "marimo.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text(f'[display]\ntheme = "{theme}"\n[runtime]\nauto_instantiate = true\n')
    command = [
        str(_PROGRAMS / "marimo"), "-q", "-y", "edit", "--headless", "--no-sandbox",
        "--skip-update-check", "--host=127.0.0.1", f"--port={port}",
        f"--token-password={token}", str(notebook),
    ]  # fmt: skip
    with _served(command, environment, notebook.parent) as server:
        until(lambda: _answers(f"http://127.0.0.1:{port}/health", token) or _ended(server))
        yield f"http://127.0.0.1:{port}/?access_token={token}"


@contextmanager
def watched(browser: Browser, *, dark: bool = False) -> Iterator[Page]:
    """A page that fails where it says an error, throws one, or asks another machine."""
    said: list[str] = []
    asked: list[str] = []
    context = browser.new_context(
        color_scheme="dark" if dark else "light", viewport={"width": 1280, "height": 900}
    )

    def route(route: Route) -> None:
        asked.append(route.request.url)
        route.abort()

    context.route(_ELSEWHERE, route)
    page = context.new_page()
    page.on("console", lambda line: said.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    try:
        yield page
    finally:
        context.close()
    assert not said, said
    assert not asked, asked


def _disable(*extensions: str, environment: dict[str, str]) -> None:
    """Switch extensions off as `jupyter labextension disable --level=user` does."""
    folder = Path(environment["JUPYTER_CONFIG_DIR"]) / "labconfig"
    folder.mkdir(parents=True)
    off = {"disabledExtensions": dict.fromkeys(extensions, True)}
    (folder / "page_config.json").write_text(json.dumps(off))


def _environment(folder: Path) -> dict[str, str]:
    """Homes and settings inside the folder; the cache stays, for it has the model."""
    own = folder / ".own"
    own.mkdir(exist_ok=True)
    cache = os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))
    names = (
        "HOME", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR",
        "JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR", "XDG_CONFIG_HOME",
        "XDG_STATE_HOME", "XDG_DATA_HOME",
    )  # fmt: skip
    return {
        **os.environ, **{name: str(own / name.lower()) for name in names},
        "XDG_CACHE_HOME": cache, "PATH": f"{_PROGRAMS}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "1",
    }  # fmt: skip


@contextmanager
def _served(
    command: list[str], environment: dict[str, str], folder: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """The server's process, in a group of its own that ends with it."""
    with (folder / ".own" / "log").open("wb") as log:
        server = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True
        )
        try:
            yield server
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(server.pid, signal.SIGKILL)
                server.wait()


def picture(page: Page, number: int) -> Locator:
    """One picture of the first steps."""
    return page.locator(".cutaway").nth(number)


def all_are_drawn(page: Page) -> None:
    """No picture has failed, and the first and the last single one say what they must."""
    expect(page.locator(".problem")).to_have_count(0)
    expect(picture(page, LENS)).to_contain_text("·Paris with 77.3 %")
    expect(picture(page, WALK)).to_contain_text("Step 1 of")


def test_a_token_is_picked_by_click_and_by_key(notebook: Page) -> None:
    """A test of every notebook, which imports it and has its `notebook`."""
    lens = picture(notebook, LENS)
    lens.get_by_role("option", name="·France").click()
    expect(lens.locator(".readout")).to_contain_text("Position 3: read ·France")
    notebook.keyboard.press("ArrowLeft")
    expect(lens.locator(".readout")).to_contain_text("Position 2: read ·of")


def test_a_head_is_computed_by_the_kernel(notebook: Page) -> None:
    """Likewise: the kernel has been asked for none of them before."""
    heads = picture(notebook, ATTENTION)
    grid = heads.get_by_role("application", name="270 heads")
    grid.press("Home")
    grid.press("Enter")
    expect(heads.get_by_role("heading", name="Layer 0, head 0", exact=True)).to_be_visible()
    expect(heads.get_by_text("% of mass drawn")).to_be_visible()
    expect(heads.locator(".problem")).to_have_count(0)


def until(is_so: Callable[[], object]) -> None:
    """Wait for something outside of the browser."""
    end = time.monotonic() + _PATIENCE
    while not is_so():
        assert time.monotonic() < end, "it is still not so"
        time.sleep(0.1)


def _address(file: Path) -> str:
    """The address in a file that Jupyter writes when it listens."""
    try:
        return str(json.loads(file.read_text("utf-8"))["url"])
    except (FileNotFoundError, ValueError):
        return ""


def _answers(url: str, token: str) -> bool:
    try:
        return httpx.get(url, headers={"Authorization": f"token {token}"}).is_success
    except httpx.TransportError:
        return False


def _ended(server: subprocess.Popen[bytes]) -> bool:
    assert server.poll() is None, "the server has ended: see .own/log"
    return False


def _free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])

"""`cutaway doctor`: what is installed, where things are kept, and what is proven of a model."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from .. import __version__
from ..core.errors import CutawayError
from ..core.home import expanded
from ..core.numbers import byte_size
from .options import ModelChoice, verb

if TYPE_CHECKING:
    from ..trace.card import ModelCard

__all__ = ["Finding", "doctor", "examine", "proven"]

_NEEDED = (
    "torch", "transformers", "numpy", "safetensors", "xarray", "scikit-learn", "gguf", "anywidget",
    "typer", "rich",
)  # fmt: skip
#: Package -> the extra that installs it.
_EXTRAS = {
    "fastapi": "app",
    "matplotlib": "plot",
    "netCDF4": "netcdf",
    "faiss-cpu": "search",
    "captum": "captum",
    "accelerate": "accelerate",
    "mlflow": "mlflow",
    "comet-ml": "comet",
    "wandb": "wandb",
    "tensorboard": "tensorboard",
}


@dataclass(frozen=True)
class Finding:
    """One line of the report; `state` is "ok", "-" for what may be absent, or "!!"."""

    state: str
    name: str
    words: str

    def __str__(self) -> str:
        return f"{self.state:<3} {self.name:<16} {self.words}"


@verb
def doctor(choice: ModelChoice) -> None:
    """Say what is installed and what is proven of a model."""
    findings = []
    for finding in examine():
        typer.echo(str(finding))
        findings.append(finding)
    if choice.model is None and not _is_fetched():
        typer.echo(str(Finding("-", "model", "not fetched yet; `cutaway demo` fetches it (93 MB)")))
    else:
        for finding in proven(choice.load().card):
            typer.echo(str(finding))
    if any(finding.state == "!!" for finding in findings):
        raise typer.Exit(code=2)


def examine() -> Iterator[Finding]:
    """What is installed and where things are kept; no model is loaded."""
    yield Finding("ok", "cutaway", __version__)
    yield Finding("ok", "python", f"{platform.python_version()} on {platform.platform()}")
    for package in _NEEDED:
        found = _version(package)
        yield Finding("ok" if found else "!!", package, found or f"missing: pip install {package}")
    for package, extra in _EXTRAS.items():
        found = _version(package)
        yield Finding(
            "ok" if found else "-",
            package,
            found or f"not installed: pip install 'cutaway[{extra}]'",
        )
    yield from _devices()
    yield from _folders()
    yield _front_end()
    yield _browser()


def proven(card: ModelCard) -> Iterator[Finding]:
    """What can be had exactly of a model, and what can't, because."""
    yield Finding("ok", "model", f"{card.name}, {card.n_parameters:,} parameters, {card.dtype}")
    for name, capability in card.capabilities.items():
        yield Finding("ok" if capability.proven else "-", name, str(capability))


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _devices() -> Iterator[Finding]:
    try:
        from ..model.machine import devices
    except (ImportError, OSError) as problem:  # OSError: a library of torch's own is missing
        yield Finding("!!", "devices", f"torch does not start: {problem}")
        return
    yield Finding("ok", "devices", ", ".join(devices()))


def _folders() -> Iterator[Finding]:
    from ..model.default_model import cache_folder

    for name, where in (("cache", cache_folder), ("hub cache", _hub_cache)):
        try:
            folder = where()
        except CutawayError as problem:
            yield Finding("!!", name, str(problem))
            continue
        there = os.path.isdir(folder)  # noqa: PTH112 - False, too, where it may not be looked at
        held = byte_size(_size(folder)) if there else "not there yet"
        yield Finding("ok" if there else "-", name, f"{folder} ({held})")


def _hub_cache() -> Path:
    home = Path(os.environ.get("HF_HOME", "~/.cache/huggingface"))
    return expanded(os.environ.get("HF_HUB_CACHE", home / "hub"), "set HF_HOME")


def _is_fetched() -> bool:
    from ..model.default_model import EMBEDDED, cache_folder

    try:
        return any((cache_folder() / "models").glob(f"{EMBEDDED}-*"))
    except (CutawayError, OSError):  # no home, or one that may not be looked at
        return False


def _size(folder: Path) -> int:
    """Bytes of the files below a folder; links, which the hub's cache is full of, count once."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return sum(path.stat().st_size for path in files)


def _front_end() -> Finding:
    from ..render.bundle import bundle_path

    try:
        return Finding("ok", "front end", str(bundle_path()))
    except CutawayError as problem:
        return Finding("!!", "front end", str(problem))


def _browser() -> Finding:
    found = os.environ.get("CUTAWAY_CHROMIUM") or shutil.which("chromium")
    return Finding(
        "ok" if found else "-", "chromium", found or "not found (only our browser tests need it)"
    )

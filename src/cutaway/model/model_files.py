"""Where a model's files are: in a folder, in a GGUF file, on the hub or in its cache."""

from __future__ import annotations

import os
import re
import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

from ..core.errors import FileError, InvalidError
from ..core.home import expanded
from .default_model import embedded_folder

__all__ = ["find_model_files"]

#: A hub id: owner/name or an old one-word name.
_HUB_ID = re.compile(r"\w[\w.-]*(/[\w.-]+)?")
_HUB_FIX = "check the name, the network, and that HF_HUB_OFFLINE is not set"
_FOLDER_FIX = "fetch it again"


def find_model_files(name: str | Path | None, revision: str | None) -> tuple[dict[str, Any], str]:
    """transformers' arguments for a folder, a GGUF file or a hub id; and what to do if it fails."""
    if name is None:
        if revision is not None:
            raise InvalidError("revision", revision, allowed="with the name of a model only")
        folder = embedded_folder()
        return _local(folder), f"delete the folder {folder}, and it is made again"
    if not isinstance(name, str | os.PathLike) or not str(name).strip():
        raise InvalidError("model", name, allowed="the name of a model, or a path")
    path = expanded(name, "give the whole path")
    # os.path's answer False for what can't be a path at all, such as a very long name.
    if os.path.isdir(path):  # noqa: PTH112
        if not os.path.isfile(path / "config.json"):  # noqa: PTH113
            raise FileError(path, "has no config.json", fix="give the folder of one model")
        return _local(path), _FOLDER_FIX
    if path.suffix == ".gguf" and os.path.isfile(path):  # noqa: PTH113
        return _local(path.parent, gguf_file=path.name), _FOLDER_FIX
    there = os.path.exists(path)  # noqa: PTH110
    if path.suffix == ".gguf" or there or not _HUB_ID.fullmatch(str(name)):
        raise FileError(
            name, "is no model", fix="give a folder with a config.json, a .gguf file or owner/name"
        )
    here = not _hub_has_address()
    return {"pretrained_model_name_or_path": str(name), "local_files_only": here}, _HUB_FIX


def _local(folder: Path, **more: str) -> dict[str, Any]:
    return {"pretrained_model_name_or_path": folder, "local_files_only": True, **more}


def _hub_has_address() -> bool:
    """Whether the hub's name is known here; if not, asking for files would be tried for 24 s.

    What is in the hub's cache is then read from there at once.
    """
    host = urlsplit(os.environ.get("HF_ENDPOINT", "https://huggingface.co")).hostname
    if getproxies():  # then the proxy knows names, and this machine need not
        return True
    try:
        return bool(socket.getaddrinfo(host, 443))
    except OSError:
        return False

"""Turns what torch and transformers raise into one line that says what to do."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from safetensors import SafetensorError

from ..core.errors import CutawayError, FileError, MissingError

__all__ = ["explained_discovery", "explained_loading", "explained_running"]

_LONGEST = 300
#: What the readers of safetensors, JSON and GGUF files raise where a file is cut or overwritten.
_DAMAGED = (SafetensorError, json.JSONDecodeError, struct.error, OverflowError, IndexError)
#: How torch says that memory is short, on the CPU and on accelerators it has no own error for.
_NO_MEMORY = ("out of memory", "not enough memory", "can't allocate memory")


@contextmanager
def explained_loading(name: str, fix: str) -> Iterator[None]:
    """Errors of reading a model become FileError or MissingError, which name it."""
    try:
        yield
    except CutawayError:
        raise
    except ImportError as error:
        raise MissingError("a package", because=_first_line(error)) from error
    except _DAMAGED as error:
        raise FileError(name, f"is damaged ({_first_line(error)})", fix=fix) from error
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        _refuse_memory(error)
        raise FileError(name, f"can't be loaded ({_first_line(error)})", fix=fix) from error


@contextmanager
def explained_discovery() -> Iterator[None]:
    """A model that can't read the short text on which its parts are looked for is refused."""
    try:
        yield
    except CutawayError:
        raise
    except Exception as error:  # whatever a model raises that wants other inputs than token ids
        _refuse_memory(error)
        raise MissingError(
            "the parts of this model",
            because=f"it fails on a short text of plain token ids ({_first_line(error)})",
        ) from error


@contextmanager
def explained_running() -> Iterator[None]:
    """Running out of memory becomes a MissingError; all else is a defect and passes."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        _refuse_memory(error)
        raise


def _refuse_memory(error: BaseException) -> None:
    text = str(error).lower()
    short = isinstance(error, torch.OutOfMemoryError | MemoryError)
    if short or any(words in text for words in _NO_MEMORY):
        raise MissingError(
            "memory", because=_first_line(error),
            fix="take a shorter text, load with dtype='bfloat16', or use device='cpu'",
        ) from error  # fmt: skip


def _first_line(error: BaseException) -> str:
    """The first line that says something, short enough for a terminal."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = lines[0] if lines else type(error).__name__
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"

"""To TensorBoard: an image, text and scalars; page and file lie beside its events."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.files import write_whole
from .asset import Asset

__all__ = ["write"]


def write(writer: Any, asset: Asset) -> Iterator[str]:
    """Log an asset; yields the tags, and the files written into the folder of the events.

    TensorBoard shows no HTML. Its text is Markdown: indented by four it stays as it is.
    """
    if asset.picture is not None:
        writer.add_image(
            f"{asset.name}/picture", _pixels(asset.picture()), asset.step, dataformats="HWC"
        )
        yield f"{asset.name}/picture"
    about = "\n".join(f"{name}: {words}" for name, words in asset.about.items())
    for tag, words in (("text", asset.words()), ("about", about)):
        writer.add_text(f"{asset.name}/{tag}", _verbatim(words), asset.step)
        yield f"{asset.name}/{tag}"
    for name, value in asset.scalars.items():
        writer.add_scalar(f"{asset.name}/{name}", value, asset.step)
        yield f"{asset.name}/{name}"
    folder = str(writer.log_dir if hasattr(writer, "log_dir") else writer.logdir)
    if "://" not in folder:  # a bucket takes no files of ours
        yield from _files(Path(folder), asset)


def _files(folder: Path, asset: Asset) -> Iterator[str]:
    """The page or the trace's file, which no tab shows."""
    stem = folder / asset.stem
    stem.parent.mkdir(parents=True, exist_ok=True)
    if asset.page is not None:
        yield str(write_whole(stem.with_name(f"{stem.name}.html"), asset.page().encode()))
    if asset.trace is not None:
        yield str(asset.trace.save(stem.with_name(f"{stem.name}.trace")))


def _verbatim(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())


def _pixels(png: bytes) -> NDArray[np.uint8]:
    """(height, width, 3) of a picture."""
    from PIL import Image

    with Image.open(io.BytesIO(png)) as image:
        return np.asarray(image.convert("RGB"))

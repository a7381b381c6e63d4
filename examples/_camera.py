"""Photographs saved pages in Chromium, for the pictures of the documentation."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, FloatRect, sync_playwright

#: Pixels of the picture per pixel of the page.
SCALE = 2
#: Colours of the picture.
COLOURS = 256
#: Pixels of the page left around what is photographed.
MARGIN = 8


@dataclass(frozen=True)
class Camera:
    """One open browser."""

    browser: Browser

    def photograph(
        self,
        page: Path,
        picture: Path,
        *,
        fragment: str = "",
        parts: tuple[str, ...] = ("body",),
        width: int = 1280,
        height: int = 800,
    ) -> None:
        """A PNG of what its address fragment shows of a page: the box around some selectors."""
        view = self.browser.new_page(
            viewport={"width": width, "height": height}, device_scale_factor=SCALE
        )
        try:
            view.goto(f"{page.resolve().as_uri()}#{fragment}")
            view.wait_for_selector("[data-ready=true]")
            boxes = [view.locator(part).first.bounding_box() for part in parts]
            shot = view.screenshot(clip=_around(boxes), full_page=True)
        finally:
            view.close()
        # A page has few colours: 256 of them take less than half the bytes, and look the same.
        image = Image.open(BytesIO(shot)).convert("RGB")
        few = image.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        few.save(picture, optimize=True)


def _around(boxes: list[FloatRect | None]) -> FloatRect:
    """The smallest box that holds all, with a margin inside the page."""
    seen = [box for box in boxes if box is not None]
    left, top = (max(0, min(box[side] for box in seen) - MARGIN) for side in ("x", "y"))
    right = max(box["x"] + box["width"] for box in seen) + MARGIN
    bottom = max(box["y"] + box["height"] for box in seen) + MARGIN
    return {"x": left, "y": top, "width": right - left, "height": bottom - top}


@contextmanager
def camera() -> Iterator[Camera]:
    """A camera, its browser closed at the end."""
    chromium = os.environ.get("CUTAWAY_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        try:
            yield Camera(browser)
        finally:
            browser.close()

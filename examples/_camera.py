"""Photographs saved pages in Chromium, for the pictures of the documentation."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

#: Pixels of the picture per pixel of the page.
SCALE = 2


@dataclass(frozen=True)
class Camera:
    """One open browser."""

    browser: Browser

    def photograph(
        self, page: Path, picture: Path, *, fragment: str = "", part: str = "", width: int = 1080
    ) -> None:
        """A PNG of a page as its address fragment says, or of one part of it by selector."""
        view = self.browser.new_page(
            viewport={"width": width, "height": 800}, device_scale_factor=SCALE
        )
        try:
            view.goto(f"{page.resolve().as_uri()}#{fragment}")
            view.wait_for_selector("[data-ready=true]")
            shown = view.locator(part) if part else view.locator("body")
            shown.screenshot(path=picture, animations="disabled")
        finally:
            view.close()


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

"""The colours of a quantity: two ramps, each with a light and a dark palette.

Nine stops, even in OKLab lightness (steps of 0.068 to 0.078), so that equal steps look equal and
order survives every kind of colour blindness. The browser's copy is web/src/parts/ramp.ts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["DARK_INK", "LIGHT_INK", "RAMPS", "UNDEFINED", "colours", "hexadecimal", "ink"]

#: Ramp name -> theme -> stops, weak to strong.
RAMPS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "clay": {
        "light": ("#fbf8f6", "#f7dccb", "#f1c0a1", "#e8a47a", "#db8955", "#cb7033", "#b7580f",
                  "#9d4600", "#803702"),
        "dark": ("#292422", "#483123", "#683d23", "#874b21", "#a45c23", "#be6f2c", "#d68540",
                 "#ed9c55", "#feb675"),
    },
    "teal": {
        "light": ("#f6faf9", "#cfe9e4", "#a8d7d0", "#83c5bb", "#5db1a7", "#389e93", "#03897e",
                  "#057369", "#015d55"),
        "dark": ("#212726", "#223c39", "#1f534d", "#1a6a62", "#1a8278", "#29998d", "#42afa3",
                 "#5bc6b9", "#74ddd0"),
    },
}  # fmt: skip
#: Cells without a value.
UNDEFINED = {"light": "#f1efea", "dark": "#1f2229"}
#: Pure black and white: the only pair that has a contrast of 4.5:1 or more on every colour.
DARK_INK = "#000000"
LIGHT_INK = "#ffffff"
_CROSSOVER = math.sqrt(0.05 * 1.05) - 0.05  # the luminance at which both contrast alike


def colours(ramp: str, shares: NDArray[Any], theme: str = "light") -> NDArray[np.uint8]:
    """(..., 3) red, green, blue of shares from 0 (weak) to 1 (strong); NaN is undefined.

    >>> hexadecimal(colours("clay", np.array([0.0, 1.0, np.nan])))
    ['#fbf8f6', '#803702', '#f1efea']
    """
    stops = np.array([_channels(stop) for stop in RAMPS[ramp][theme]], dtype=float)
    at = np.nan_to_num(np.clip(shares, 0, 1)) * (len(stops) - 1)
    places = np.arange(len(stops))
    mixed = np.stack([np.interp(at, places, stops[:, c]) for c in range(3)], axis=-1)
    flat = np.where(np.isnan(shares)[..., None], _channels(UNDEFINED[theme]), mixed)
    return np.rint(flat).astype(np.uint8)


def ink(background: NDArray[np.uint8]) -> str:
    """The text colour that reads best on a background: whichever contrasts more.

    >>> ink(np.array([251, 248, 246], np.uint8)), ink(np.array([128, 55, 2], np.uint8))
    ('#000000', '#ffffff')
    """
    return DARK_INK if _luminance(background) > _CROSSOVER else LIGHT_INK


def hexadecimal(rows: NDArray[np.uint8]) -> list[str]:
    """Colours as "#rrggbb"."""
    return [f"#{r:02x}{g:02x}{b:02x}" for r, g, b in rows.reshape(-1, 3).tolist()]


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(rgb: NDArray[np.uint8]) -> float:
    """Relative luminance, WCAG 2.2."""
    c = rgb.astype(float) / 255
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    return float(linear @ np.array([0.2126, 0.7152, 0.0722]))

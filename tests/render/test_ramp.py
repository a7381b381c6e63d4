"""Colours keep the order of their values for every eye, and text on them can be read."""

from __future__ import annotations

import numpy as np
import pytest

from cutaway.render.ramp import DARK_INK, LIGHT_INK, RAMPS, colours, ink
from cutaway.render.scale import Scale

THEMES = [(ramp, theme) for ramp in RAMPS for theme in RAMPS[ramp]]
SHARES = np.linspace(0, 1, 201)


def linear(rgb: np.ndarray) -> np.ndarray:
    c = rgb.astype(float) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def oklab(rgb: np.ndarray) -> np.ndarray:
    """Björn Ottosson, "A perceptual color space for image processing" (2020)."""
    to_cones = np.array(
        [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566],
         [0.0883024619, 0.2817188376, 0.6299787005]]
    )  # fmt: skip
    to_lab = np.array(
        [[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099],
         [0.0259040371, 0.7827717662, -0.8086757660]]
    )  # fmt: skip
    return np.cbrt(linear(rgb) @ to_cones.T) @ to_lab.T


@pytest.mark.parametrize(("ramp", "theme"), THEMES)
def test_equal_steps_look_equal(ramp: str, theme: str) -> None:
    lab = oklab(colours(ramp, np.linspace(0, 1, 9), theme))
    steps = np.linalg.norm(np.diff(lab, axis=0), axis=1)
    assert steps.max() / steps.min() < 1.2


@pytest.mark.parametrize(("ramp", "theme"), THEMES)
def test_lightness_alone_tells_the_order(ramp: str, theme: str) -> None:
    lightness = oklab(colours(ramp, SHARES, theme))[:, 0]
    steps = np.diff(lightness) * (-1 if theme == "light" else 1)
    assert (steps >= -1e-3).all()
    assert abs(lightness[-1] - lightness[0]) > 0.5


@pytest.mark.parametrize(("ramp", "theme"), THEMES)
def test_text_on_every_colour_has_a_contrast_of_at_least_4_5(ramp: str, theme: str) -> None:
    light = {DARK_INK: 0.0, LIGHT_INK: 1.0}
    for colour in colours(ramp, SHARES, theme):
        ground = float(linear(colour) @ np.array([0.2126, 0.7152, 0.0722]))
        low, high = sorted((ground, light[ink(colour)]))
        assert (high + 0.05) / (low + 0.05) >= 4.5


def test_a_share_beyond_an_end_has_the_colour_of_the_end() -> None:
    ends, beyond = colours("teal", np.array([0.0, 1.0])), colours("teal", np.array([-3.0, 7.0]))
    np.testing.assert_array_equal(ends, beyond)


def test_log_scales_and_falling_ones() -> None:
    scale = Scale(low=1, high=10_000, log=True, ramp="teal", rising=False)
    ranks = np.array([1, 10, 100, 1000, 10_000, 0])
    np.testing.assert_allclose(scale.shares(ranks, undefined=0), [1, 0.75, 0.5, 0.25, 0, np.nan])

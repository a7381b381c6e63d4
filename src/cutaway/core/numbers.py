"""How numbers are printed, the same in the terminal, in figures and on the page.

Its twin in the browser is web/src/parts/format.ts; a test feeds both the same table.
"""

from __future__ import annotations

import math

__all__ = ["byte_size", "percent", "quantity", "rank"]

_UNITS = ("bytes", "kB", "MB", "GB", "TB")


def percent(share: float) -> str:
    """A share as a percentage with three figures; never 0 for what is not 0.

    >>> percent(0.773), percent(0.0412), percent(0.00002), percent(0.0), percent(1.0)
    ('77.3 %', '4.12 %', '< 0.01 %', '0 %', '100 %')
    """
    if math.isnan(share):
        return "–"
    value = 100 * share
    if value == 0:
        return "0 %"
    if 0 < value < 0.01:
        return "< 0.01 %"
    if 99.95 <= value < 100:
        return "> 99.9 %"
    return f"{_three(value)} %"


def quantity(value: float, unit: str = "") -> str:
    """A number with three figures and its unit.

    >>> quantity(12.345, "nats"), quantity(0.00123), quantity(0.0, "nats")
    ('12.3 nats', '0.00123', '0 nats')
    """
    if math.isnan(value):
        return "–"
    size = abs(value)
    if size == 0:
        text = "0"
    elif size >= 1:
        text = _three(value)
    elif size >= 1e-4:
        text = f"{value:.3g}"
    else:
        text = f"{value:.1e}"
    return f"{text} {unit}" if unit else text


def _three(value: float) -> str:
    """Three figures, two behind the point at most; of the rounded number: 9.996 is 10.0."""
    for digits in (2, 1):
        text = f"{value:.{digits}f}"
        if abs(float(text)) < 10 ** (3 - digits):
            return text
    return f"{value:.0f}"


def rank(value: int) -> str:
    """A rank with thousands set apart; an undefined one (0) is a dash.

    >>> rank(1), rank(12345), rank(0)
    ('1', '12,345', '–')
    """
    return "–" if value == 0 else f"{value:,}"


def byte_size(count: float) -> str:
    """A number of bytes in decimal units.

    >>> byte_size(512), byte_size(18_300_000)
    ('512 bytes', '18.3 MB')
    """
    power = 0
    while count >= (999.5 if power else 1000) and power < len(_UNITS) - 1:
        count /= 1000
        power += 1
    return f"{count:.0f} bytes" if power == 0 else f"{count:.3g} {_UNITS[power]}"

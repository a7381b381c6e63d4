"""Colours that tell things apart: Okabe and Ito's, darkened for white, each with a dash.

The browser's copy is web/src/parts/hues.ts.
"""

from __future__ import annotations

__all__ = ["DASHES", "HUES"]

HUES = ("#0072b2", "#c45100", "#007a5a", "#a8457c", "#7a5c00", "#6f4bd8", "#5b5b5b", "#8b2f2f")
#: matplotlib's line styles.
DASHES = ("solid", "dashed", "dotted", "dashdot")

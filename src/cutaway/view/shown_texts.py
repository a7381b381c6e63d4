"""Whole texts as they are printed in a picture: in one line, and not too long."""

from __future__ import annotations

import xarray as xr

from ..core.tokens import display_text

__all__ = ["shown_text", "shown_texts"]

_LONGEST = 80


def shown_texts(dataset: xr.Dataset, name: str = "run") -> list[str]:
    """The texts of a variable; entries of a vocabulary keep their spaces, as tokens do."""
    tokens = "token_id" in dataset.variables
    return [shown_text(str(text), token=tokens) for text in dataset[name].values]


def shown_text(text: str, *, token: bool = False) -> str:
    """One text: of a token every character is shown, of others spaces are spaces.

    >>> shown_text("two  words\\x1b[0m"), shown_text(" Paris", token=True)
    ('two words‹1B›[0m', '·Paris')
    """
    whole = display_text(text) if token else " ".join(map(display_text, text.split())) or "∅"
    return whole if len(whole) <= _LONGEST else whole[: _LONGEST - 1] + "…"

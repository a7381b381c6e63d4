"""The header that every Spec has: its title, its words, and where its numbers come from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import xarray as xr

from ..core.tokens import display_text

__all__ = ["Runs", "attribute", "header", "is_masked", "provenance"]

#: A sentence as [style, text] runs; styles: "", "b", "in" (was read), "out" (came out).
Runs = Sequence[Sequence[str]]

_LONGEST_TITLE = 60


def header(dataset: xr.Dataset, *, heading: str, about: str, sentence: Runs) -> dict[str, Any]:
    """The fields common to all kinds: title, heading, about, sentence, provenance, notes, masked.

    heading  the question in plain words
    about    one line that defines the number and its unit
    """
    return {
        "title": _title(attribute(dataset, "run"), heading),
        "heading": heading,
        "about": about,
        "sentence": [list(run) for run in sentence],
        "provenance": provenance(dataset),
        "notes": attribute(dataset, "notes"),
        "masked": is_masked(dataset),
    }


def is_masked(dataset: xr.Dataset) -> bool:
    """Whether what a model says at a position is of that position, not of the token after it."""
    card = attribute(dataset, "model")
    return bool(card.get("objective") == "masked" or card.get("task"))


def attribute(dataset: xr.Dataset, name: str) -> Any:
    """An attribute that lens.dataset.finish wrote as JSON: options, model, run or notes.

    >>> attribute(xr.Dataset(attrs={"options": '{"k": 5}'}), "options")
    {'k': 5}
    """
    return json.loads(dataset.attrs[name])


def provenance(dataset: xr.Dataset) -> list[list[str]]:
    """Where the numbers come from, as [name, value] rows.

    The model, its precision, the versions, how the run was made, the lens and its options, and
    what was proven of the model.
    """
    card = attribute(dataset, "model")
    return [
        *_model_rows(card),
        *([_words(name), _plain(value)] for name, value in attribute(dataset, "run").items()),
        ["lens", dataset.attrs["lens"]],
        ["options", _options(attribute(dataset, "options"))],
        *_proven_rows(card["capabilities"]),
    ]


def _model_rows(card: Mapping[str, Any]) -> list[list[str]]:
    layers = f"{card['n_layers']} layer{'' if card['n_layers'] == 1 else 's'}"
    made = ", ".join(f"{name} {version}" for name, version in card["versions"].items())
    return [
        ["model", card["name"]],
        *([["revision", card["revision"]]] if card["revision"] else []),
        [
            "architecture",
            f"{card['architecture']} · {layers} · {card['width']} wide · "
            f"{card['n_parameters']:,} parameters",
        ],
        ["precision", f"{card['dtype']} on {card['device']}"],
        *([["versions", made]] if made else []),
    ]


def _proven_rows(capabilities: Mapping[str, Mapping[str, Any]]) -> list[list[str]]:
    return [
        ["proven" if entry["proven"] else "not available", f"{name}: {entry['why']}"]
        for name, entry in capabilities.items()
    ]


def _options(options: Mapping[str, Any]) -> str:
    """The lens's options in one line; long lists (all positions) by their length."""
    return ", ".join(f"{name}={_short(value)}" for name, value in options.items())


def _short(value: Any) -> str:
    if isinstance(value, list) and len(value) > 12:
        return f"[{len(value)} entries]"
    return json.dumps(value, ensure_ascii=False)


def _plain(value: Any) -> str:
    if value is None:
        return "none"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _words(name: str) -> str:
    return name.replace("_", " ")


def _title(run: Mapping[str, Any], heading: str) -> str:
    """Of the window: the prompt, or the question where there is none to show."""
    prompt = run.get("prompt")
    if not isinstance(prompt, str) or not prompt:
        return f"{heading} · Cutaway"
    # Spaces stay spaces in a title; whatever else has no shape of its own gets a visible mark.
    shown = " ".join(display_text(word) for word in prompt.split())
    if len(shown) > _LONGEST_TITLE:
        shown = shown[: _LONGEST_TITLE - 1] + "…"
    return f"{shown} · Cutaway"

"""What of a text is to be kept, of what this model has."""

from __future__ import annotations

from collections.abc import Iterable

from ..core.errors import MissingError
from ..trace.card import ModelCard
from ..trace.keep import CAPABILITIES, WHY_ABSENT, read_keep

__all__ = ["Keep", "had_of", "read_materials"]

Keep = str | Iterable[str] | None


def read_materials(keep: Keep, card: ModelCard) -> tuple[str, ...]:
    """The materials asked for; "all" is all that the model has.

    >>> read_materials("all", card)  # doctest: +SKIP
    ('states', 'neurons', 'inside', 'lens', 'attention')

    Raises MissingError for one that it has not, UnknownError for one that does not exist.
    """
    names = read_keep(keep)
    lacking = {name: why for name in names if (why := _lacks(card, name))}
    if lacking and keep != "all":
        name, why = next(iter(lacking.items()))
        raise MissingError(f"the material {name!r}", because=why, fix="leave it out of keep")
    return tuple(name for name in names if name not in lacking)


def had_of(materials: tuple[str, ...], card: ModelCard) -> tuple[str, ...]:
    """Those of the materials that a model has; none where its blocks could not be proven."""
    return tuple(name for name in materials if card.n_layers and not _lacks(card, name))


def _lacks(card: ModelCard, material: str) -> str:
    """Why a model has not a material; "" where it has."""
    needed = CAPABILITIES.get(material, material)
    if material == "lens" and card.task:  # a classifier's lens says classes
        needed = "classes"
    known = card.capabilities.get(needed)
    if known is None:
        return WHY_ABSENT.get(material, "")
    return "" if known.proven else known.why

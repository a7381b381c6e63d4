"""`cutaway anatomy`: the parts of a model and what is proven of them."""

from __future__ import annotations

from .options import ModelChoice, verb
from .outcome import Outputs

__all__ = ["anatomy"]


@verb
def anatomy(choice: ModelChoice, outputs: Outputs) -> None:
    """List a model's parts, their sizes, and what is proven."""
    from .api import anatomy as count

    outputs.give(count(choice.load()))

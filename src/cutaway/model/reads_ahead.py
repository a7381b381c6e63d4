"""Whether a model says a token by those before it alone: some decoders read the ones after too."""

from __future__ import annotations

from collections.abc import Sequence
from weakref import WeakSet

from torch import nn

from ..core.errors import MissingError
from .attribution_model import AttributionModel
from .conditioned import Decoder
from .structure import Anatomy

__all__ = ["refuse_reading_ahead"]

#: Models that were seen to read only what comes before, an encoder-decoder under any source.
_CAUSAL: WeakSet[nn.Module] = WeakSet()
#: Tokens of the text that it is tried on, the exchanged one included.
_PROBE = 16


def refuse_reading_ahead(
    what: str, model: nn.Module, anatomy: Anatomy, before: Sequence[int]
) -> None:
    """MissingError where another token after these changes their last states (ProphetNet).

    >>> refuse_reading_ahead("saliency", xlnet, anatomy, [5, 6, 7])  # doctest: +SKIP
    MissingError: missing saliency: this model reads tokens after the one it says

    what    what is asked for, and would be the numbers of another question
    before  a token or more of the text; the model is in eval mode, as for any pass
    """
    known = model.__dict__["inner"] if isinstance(model, Decoder) else model
    if known in _CAUSAL:
        return
    read = AttributionModel(model, anatomy, tuple(before[: _PROBE - 1]))
    a, b = read.states(read.rows([(*read.token_ids, last) for last in (0, 1)]))[:, :-1]
    if not a.allclose(b, rtol=1e-3, atol=1e-5 * float(a.abs().max())):
        raise MissingError(what, because="this model reads tokens after the one it says")
    _CAUSAL.add(known)

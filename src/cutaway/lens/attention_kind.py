"""Whose attention is asked for: what looks, and what is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..core.errors import MissingError
from ..trace.trace import Trace
from .layers_with import read_layers_with

__all__ = ["AttentionKind", "read_attention_kind"]


@dataclass(frozen=True)
class AttentionKind:
    """One kind of attention of a trace.

    kind  "self", or of an encoder-decoder "decoder", "encoder" or "cross"
    trace the text whose tokens look;  keys  the one whose tokens are looked at
    heads, kv_heads  how many each block of it has, 0 for none
    """

    kind: str
    trace: Trace
    keys: Trace
    heads: tuple[int, ...]
    kv_heads: tuple[int, ...]

    @property
    def cross(self) -> bool:
        """Whether one text looks at another."""
        return self.kind == "cross"

    def layers(self, layers: int | Sequence[int] | None) -> tuple[int, ...]:
        """The layers asked for, in their order; those without it are refused by number."""
        what = "cross-attention" if self.cross else "attention"
        none = f"such a block has no {what}"
        return read_layers_with(self.trace, layers, what, self.heads, because=none)


def read_attention_kind(trace: Trace, kind: str) -> AttentionKind:
    """The attention of that kind; MissingError where a model has no source to look at.

    >>> read_attention_kind(trace, "cross").keys.tokens.texts  # doctest: +SKIP
    ('The', ' keys', '</s>')
    """
    encoder, card = trace.encoder, trace.card
    own = AttentionKind("self", trace, trace, card.heads, card.kv_heads)
    if encoder is None:
        if kind == "self":
            return own
        raise MissingError(
            f"{kind} attention",
            because="this trace has no source: it is of no encoder-decoder or "
            "of the encoder of one",
            fix="kind='self'",
        )
    if kind == "cross":
        return AttentionKind("cross", trace, encoder, card.cross_heads, card.cross_kv_heads)
    return replace(
        read_attention_kind(encoder, "self") if kind == "encoder" else own,
        kind="encoder" if kind == "encoder" else "decoder",
    )

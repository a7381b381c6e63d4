"""What a saliency of an encoder-decoder differentiates: both texts, from one leaf.

The leaf of the source's S tokens and that of the decoder's n are laid one after the other, as
(B, S + n, d) of the wider one, the narrower filled up with zeros: every method then goes over
S + n sources and need not know of two texts. With an inner layer the source's leaf is what the
decoder reads of it, the encoder's last states: together they are all that the blocks above see.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from .attribution_model import AttributionModel, mean_row
from .conditioned import Decoder
from .forward import device_of, forward
from .hooks import replaced_output
from .layout import Layout
from .structure import Anatomy

__all__ = ["AttributionSeq2Seq", "Encoding", "SoundEncoding"]


@dataclass(frozen=True)
class Encoding:
    """An encoder and the tokens it reads.

    token_ids  (S,) the source
    vocab      how many ids it has a row for
    """

    model: nn.Module
    anatomy: Anatomy
    token_ids: tuple[int, ...]
    vocab: int

    @property
    def embedding(self) -> nn.Module:
        """Its token embedding."""
        return self.model.get_submodule(self.anatomy.embedding)

    def rows(self, texts: Sequence[Sequence[int]]) -> Tensor:
        """(B, S) texts of one length, where the embedding is."""
        device = device_of(self.embedding)
        return torch.tensor(texts, dtype=torch.long, device=device)

    def states(self, token_ids: Tensor) -> Tensor:
        """(B, S) ids -> (B, S, width) the encoder's last states."""
        found: Tensor = forward(self.model, token_ids)[0]
        return found

    def embedded(self, token_ids: Tensor) -> tuple[Tensor, Tensor]:
        """(B, S) ids -> (B, S, d) what its embedding gives for them, and the last states."""
        held: list[Tensor] = []
        with replaced_output(self.embedding, held.append):
            states = self.states(token_ids)
        return held[0], states  # the first call: some embed paddings after it

    def states_from(self, token_ids: Tensor, embedded: Tensor) -> Tensor:
        """The last states where the embedding gives these (B, S, d) rows."""
        calls = count()
        with replaced_output(self.embedding, lambda _: None if next(calls) else embedded.clone()):
            return self.states(token_ids)


@dataclass(frozen=True, kw_only=True)
class SoundEncoding(Encoding):
    """An encoder and the frames of a sound: the leaf is what its input stage gives for each.

    layout  the axes of that
    """

    layout: Layout

    def embedded(self, token_ids: Tensor) -> tuple[Tensor, Tensor]:
        """(B, S) ids -> (B, S, d) what its input stage gives for them, and the last states."""
        given, states = super().embedded(token_ids)
        return self.layout.rows(given), states

    def states_from(self, token_ids: Tensor, embedded: Tensor) -> Tensor:
        """The last states where the input stage gives these (B, S, d) rows."""
        return super().states_from(token_ids, self.layout.restore(embedded))


@dataclass(frozen=True, kw_only=True)
class AttributionSeq2Seq(AttributionModel):
    """A decoder under a source, and the tokens of both.

    encoding  the source; `model` is the decoder that has read it
    """

    encoding: Encoding

    @property
    def source_ids(self) -> tuple[int, ...]:
        """(S,) the source's tokens."""
        return self.encoding.token_ids

    @property
    def n_source(self) -> int:
        """S, the source's tokens, which are the first sources."""
        return len(self.source_ids)

    def leaf(self, token_ids: Tensor) -> Tensor:
        """(1, n) ids -> (1, S + n, d) the leaf's value in a plain pass, detached."""
        return _joined(*self._own(token_ids, self._sources(1)))

    def all_of(self, token_id: int, n: int) -> Tensor:
        """(1, S + n, d) the leaf of two texts that say this token only."""
        texts = (torch.full_like(ids, token_id) for ids in (self.ids(n), self._sources(1)))
        return _joined(*self._own(*texts))

    def mean(self, n: int) -> Tensor:
        """(1, S + n, d) each position with the mean of its vocabulary's embeddings."""
        source = mean_row(self.encoding.embedding, self.encoding.vocab)
        return _joined(source.expand(-1, self.n_source, -1), super().mean(n))

    def states(self, token_ids: Tensor) -> Tensor:
        """(B, n) ids -> (B, n, width) states after the last block, without a graph."""
        return self._decoder(self.model).states(token_ids)

    def states_of(self, texts: Sequence[Any]) -> Tensor:
        """(B, n, width) likewise, of pairs of a source and a text, all of one shape."""
        with torch.no_grad():
            sources = self.encoding.rows([source for source, _ in texts])
            decoder = self._decoder(self._under(self.encoding.states(sources), sources))
            return decoder.states(self.rows([text for _, text in texts]))

    def _pass(self, token_ids: Tensor, swap: Callable[[Tensor], Tensor]) -> tuple[Tensor, Tensor]:
        """The encoder's pass and the decoder's, both from the leaf, up to the last block."""
        own = self._own(token_ids[:1], self._sources(1))
        leaf = swap(_joined(*own))
        S = own[0].shape[1]
        source, text = leaf[:, :S, : own[0].shape[-1]], leaf[:, S:, : own[1].shape[-1]]
        ids = self._sources(len(leaf))
        if self.at_layer is None:
            source = self.encoding.states_from(ids, source)
        return leaf, self._decoder(self._under(source, ids))._pass(token_ids, lambda _: text)[1]

    def _own(self, token_ids: Tensor, source_ids: Tensor) -> tuple[Tensor, Tensor]:
        """(1, S, d) and (1, n, d) the leaf's own values of both texts."""
        with torch.no_grad():
            embedded, encoded = self.encoding.embedded(source_ids)
            text = self._decoder(self._under(encoded, source_ids)).leaf(token_ids)
        return (embedded if self.at_layer is None else encoded), text

    def _sources(self, count: int) -> Tensor:
        """(count, S) the source, for as many texts."""
        return self.encoding.rows([self.source_ids]).expand(count, -1)

    def _under(self, encoded: Tensor, source_ids: Tensor) -> Decoder:
        """The decoder when it has read other states."""
        assert isinstance(self.model, Decoder)
        return self.model.under(encoded, source_ids)

    def _decoder(self, model: nn.Module) -> AttributionModel:
        return AttributionModel(model, self.anatomy, self.token_ids, self.at_layer)


def _joined(source: Tensor, text: Tensor) -> Tensor:
    """(B, S + n, d) two texts' rows, the narrower ones filled up with zeros."""
    width = max(source.shape[-1], text.shape[-1])
    sides = (pad(side.to(text), (0, width - side.shape[-1])) for side in (source, text))
    return torch.cat(list(sides), dim=1)

"""What could come next, asked of a model: candidates, drawn continuations, the start token."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from ..core.axes import read_whole
from ..core.errors import InvalidError, MissingError
from ..core.room import check_room as check_memory
from ..core.tokens import TokenRow
from ..trace.candidates import Candidates, Continuation
from ..trace.card import ModelCard
from ..trace.keep import continuation_bytes
from ..trace.source import Floats
from .candidates import candidates, continuations, logprobs
from .failures import explained_running
from .generate import check_room, end_ids, read_options
from .live_source import LiveSource
from .objective import causal_only
from .prompt import Limits, Prompt, is_batch, read_prompt
from .token_spans import row

__all__ = ["NextTokens"]


class NextTokens(LiveSource):
    """A model that is asked how a row of token ids could go on; ids are never made text again.

    `source`, wherever it is asked for, are the ids that the encoder of an encoder-decoder reads:
    the others are then its decoder's, the start token first. Other models read none.
    """

    card: ModelCard
    limits: Limits

    def candidates(
        self,
        token_ids: Sequence[int],
        k: int = 10,
        temperatures: Sequence[float] = (),
        *,
        source: Sequence[int] = (),
    ) -> Candidates:
        """The k likeliest tokens after these, from one forward pass.

        >>> found = lm.candidates([504, 3575, 282, 4649, 314], k=2)  # doctest: +SKIP
        >>> found.token_ids, found.probability().round(3)  # doctest: +SKIP
        (array([7042,  260]), array([0.773, 0.065]))

        temperatures  what it can be re-weighed by, beside 0.1, 0.2, ... 2.0
        source        of an encoder-decoder, what its encoder reads
        """
        ids = self._read_ids(token_ids)
        count = read_whole("k", k, 1)
        with self._lock, explained_running():
            return candidates(self._having_read(source), ids, count, temperatures)

    def logprobs(
        self, token_ids: Sequence[int], following: Sequence[int], *, source: Sequence[int] = ()
    ) -> Floats:
        """(n,) the log-probability of each of the following tokens, in nats.

        >>> lm.logprobs([504, 3575, 282, 4649, 314], [7042, 30]).round(3)  # doctest: +SKIP
        array([-0.258, -0.38 ])

        token_ids  what is there already
        following  what could come after it, in order: each is given those before it
        source     of an encoder-decoder, what its encoder reads
        """
        self._read_ids([*token_ids, *following])
        with self._lock, explained_running():
            asked = self._having_read(source)
            found: Floats = logprobs(asked, self.anatomy, token_ids, [following])[0]
        return found

    def continuations(
        self,
        token_ids: Sequence[int],
        n: int = 20,
        *,
        source: Sequence[int] = (),
        max_new_tokens: int = 12,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        seed: int = 0,
    ) -> list[Continuation]:
        """n continuations drawn from the model, best mean log-probability first.

        source  of an encoder-decoder, what its encoder reads; the options are those of `generate`

        >>> drawn = lm.continuations([504, 3575], n=2, max_new_tokens=3)  # doctest: +SKIP
        >>> [len(one.token_ids) for one in drawn], drawn[0].mean >= drawn[1].mean  # doctest: +SKIP
        ([3, 3], True)

        token_ids       what is gone on with, and what an encoder reads: `source`
        max_new_tokens  at most so many of each; an end token stops it and is included
        temperature     above 0; with top_k, top_p and seed how tokens are drawn

        Raises InvalidError for options out of range and for temperature 0, which draws nothing.
        """
        ids = self._read_ids(token_ids)
        options = read_options(
            max_new_tokens=max_new_tokens, temperature=temperature, top_k=top_k, top_p=top_p,
            num_beams=1, seed=seed,
        )  # fmt: skip
        if not options.temperature:
            raise InvalidError("temperature", temperature, allowed="above 0, to draw")
        if not self.model.can_generate():
            raise MissingError("generation", because=f"{type(self.model).__name__} can't generate")
        check_room("max_new_tokens", max_new_tokens, len(ids), options.max_new_tokens, self.limits)
        count = read_whole("n", n, 1, 1000)
        check_memory(
            f"{count} continuations of {len(ids):,} tokens",
            continuation_bytes(self.card, len(ids), count),
            "draw fewer at once",
        )
        with self._lock, explained_running():
            ends = end_ids(self.model, self._vocabulary)
            asked = self._having_read(source)
            return continuations(self.model, asked, self.anatomy, ids, count, options, ends)

    def start_id(self) -> int:
        """The token that begins a text. Raises MissingError for a model without one."""
        own: Any = getattr(self.model.config, "bos_token_id", None)
        found = self._vocabulary.tokenizer.bos_token_id
        found = own if found is None else found
        if not isinstance(found, int):
            raise MissingError(
                "a start token", because="neither the tokenizer nor the model names one",
                fix="explore a text instead, however short",
            )  # fmt: skip
        return found

    def read(self, x: object) -> Prompt:
        """The ids of a text, of ids or of a chat, as `trace` reads them."""
        return read_prompt(x, self._vocabulary, self.limits)

    def beginning(self, x: object, target: object = None) -> tuple[Prompt, Prompt | None]:
        """What is gone on with, and the source beside it, which only an encoder-decoder has.

        target  of an encoder-decoder: what the text begins with
        """
        return self._begun(x, target)

    def _begun(self, x: Any, target: Any) -> tuple[Prompt, Prompt | None]:
        if target is not None:
            raise InvalidError(
                "target", target, allowed="None: this model goes on with the text itself"
            )
        return self.read(x), None

    def _source_input(self, source: Prompt | None) -> Tensor | None:  # noqa: ARG002
        """The source as the model takes it."""
        return None

    def _several(self, x: object) -> bool:
        """Whether it is several texts, and not one."""
        return is_batch(x)

    def row(self, token_ids: Sequence[int], n_prompt: int, roles: Sequence[str] = ()) -> TokenRow:
        """Ids as a row of tokens: their labels, and where each lies in the text."""
        return row(self._vocabulary, token_ids, n_prompt, roles)

    def _having_read(self, source: Sequence[int]) -> nn.Module:
        """The model that goes on, once it has read a source."""
        if source:
            raise InvalidError("source", source, allowed="(): this model reads none")
        return self.model

    def _read_ids(self, token_ids: Sequence[int]) -> tuple[int, ...]:
        causal_only("what comes next", self.model)
        if not self.anatomy.has_language_head:
            because = self.anatomy.capabilities["logit lens"].why
            raise MissingError("what comes next", because=because)
        return read_prompt(list(token_ids), self._vocabulary, self.limits).ids

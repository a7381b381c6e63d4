"""What generation tells as it goes: that a choice is made, and each token as it is chosen."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor
from transformers import LogitsProcessor
from transformers.generation.streamers import BaseStreamer

from ..core.progress import Step
from .token_spans import decoded
from .vocabulary import Vocabulary

__all__ = ["LastLogits", "OnToken", "Progress", "Streamer"]

#: Progress of each token as it is chosen: its id, the characters it completes, and its probability.
OnToken = Callable[[int, str, float], object]


class Progress(LogitsProcessor):
    """Tells of every choice that is about to be made; changes nothing."""

    def __init__(self, step: Step) -> None:
        self._step = step

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:  # noqa: ARG002
        """Called by transformers before every choice."""
        self._step()
        return scores


class LastLogits(LogitsProcessor):
    """Remembers the model's own logits, before temperature, top-k and top-p; changes nothing."""

    def __init__(self) -> None:
        self._logits: Tensor | None = None

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:  # noqa: ARG002
        """Called by transformers before every choice, and before its own processors of drawing."""
        self._logits = scores
        return scores

    def probability(self, token_id: int) -> float:
        """Of the token chosen last; NaN where the model was not asked."""
        if self._logits is None:
            return float("nan")
        row = self._logits[0].double()
        return float((row[token_id] - row.logsumexp(0)).exp())


class Streamer(BaseStreamer):
    """Hands each token on with the characters that it completes and its probability."""

    def __init__(self, vocabulary: Vocabulary, on_token: OnToken, scores: LastLogits) -> None:
        self._vocabulary = vocabulary
        self._scores = scores
        self._on_token = on_token
        self._ids: list[int] = []
        self._prompt_is_over = False
        self._said = 0

    def put(self, value: Tensor) -> None:
        """Called by transformers: first with the prompt, then with each token."""
        if self._prompt_is_over:
            for token_id in value.flatten().tolist():
                self.say(token_id)
        self._prompt_is_over = True

    def say(self, token_id: int) -> None:
        """Hand on one token."""
        self._ids.append(token_id)
        # A cut character decodes to a replacement character until its last token is here.
        whole = decoded(self._vocabulary, self._ids).rstrip("\ufffd")
        self._on_token(token_id, whole[self._said :], self._scores.probability(token_id))
        self._said = max(self._said, len(whole))

    def end(self) -> None:
        """Called by transformers when all is said."""

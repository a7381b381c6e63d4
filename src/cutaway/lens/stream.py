"""Which of an encoder-decoder's two stacks of blocks a question is about."""

from __future__ import annotations

from ..core.choices import read_choice
from ..core.errors import MissingError
from ..trace.trace import Trace

__all__ = ["STREAMS", "of_stream"]

STREAMS = ("decoder", "encoder")


def of_stream(trace: Trace, stream: str) -> Trace:
    """The trace itself, which is the decoder's, or its encoder's.

    >>> of_stream(trace, "encoder").tokens.texts  # doctest: +SKIP
    ('The', ' keys', '</s>')

    Raises UnknownError for another stream, MissingError for a model without an encoder.
    """
    read_choice("stream", stream, STREAMS)
    if stream == "decoder":
        return trace
    if trace.encoder is None:
        raise MissingError(
            "the encoder", because=f"{trace.card.name} is no encoder-decoder",
            fix="leave stream out",
        )  # fmt: skip
    return trace.encoder

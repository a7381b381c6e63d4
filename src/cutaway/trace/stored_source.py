"""The source of a saved trace: it answers what was kept and says for the rest what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..core.errors import MissingError
from ..core.tokens import Piece
from .attention import AttentionCall
from .keep import CAPABILITIES, MATERIALS
from .lens_answers import ATTACH, answer
from .source import Ablation, Attributed, Attribution, Floats, Material, Question, Rows
from .trace import Trace
from .walk import Walk

__all__ = ["StoredSource"]

_UNDEFINED = Piece("", "–")


@dataclass(frozen=True)
class StoredSource:
    """Answers a trace's questions from what its file holds; it implements trace.source.Source.

    known  the vocabulary entries that the trace mentions
    """

    known: Mapping[int, Piece]

    def project(self, trace: Trace, question: Question) -> Rows:
        """Cut the answer from those stored by keep="lens"."""
        return answer(trace, question)

    def replay(self, trace: Trace, material: str, layers: Sequence[int]) -> Material:  # noqa: ARG002
        """Always refused: only a model can run the tokens again."""
        raise MissingError(
            MATERIALS[material],
            because=f"this trace kept {', '.join(trace.kept) or 'nothing'}",
            fix=f"trace again with keep={material!r}, or {ATTACH}",
        )

    def attribute(self, trace: Trace, wanted: Attribution) -> Attributed:
        """Always refused: saliency runs the model backwards."""
        raise MissingError(
            f"the model {trace.card.name!r}", because=f"{wanted.method} has to run it", fix=ATTACH
        )

    def classify(self, trace: Trace, layers: Sequence[int]) -> Floats:  # noqa: ARG002
        """Always refused: what was kept, the trace gives itself."""
        raise MissingError(
            f"the model {trace.card.name!r}",
            because=f"this trace kept {', '.join(trace.kept) or 'nothing'}",
            fix=f"trace again with keep='lens', or {ATTACH}",
        )

    def attention(self, trace: Trace, layer: int, heads: Sequence[int]) -> Floats:
        """(len(heads), T, T) the weights of some heads, from the queries and keys that were kept.

        The model's own eager function answers a live trace; what was kept was proven to give its
        weights. Raises MissingError where they were not kept.
        """
        return trace.attention_call(layer).weights(heads)

    def attention_call(self, trace: Trace, layer: int) -> AttentionCall:
        """Always refused: what was kept, the trace gives itself."""
        what = f"the queries and keys of layer {layer}"
        raise _not_kept(trace, what, trace.calls, CAPABILITIES["attention"])

    def cross_attention(self, trace: Trace, layer: int, heads: Sequence[int]) -> Floats:
        """(len(heads), T, S) the weights on the source, from what was kept."""
        return trace.cross_call(layer).weights(heads)

    def cross_call(self, trace: Trace, layer: int) -> AttentionCall:
        """Always refused: what was kept, the trace gives itself."""
        what = f"the queries of layer {layer} to the source"
        raise _not_kept(trace, what, trace.cross_calls, "cross queries and keys")

    def encoder_source(self) -> StoredSource:
        """Itself: what was kept of the encoder is in its trace."""
        return self

    def walk(self, trace: Trace, layer: int, at: int) -> Walk:  # noqa: ARG002
        """Always refused: the steps are recomputed from the model's weights."""
        raise MissingError(
            f"the model {trace.card.name!r}",
            because="a walk recomputes every step from its weights", fix=ATTACH,
        )  # fmt: skip

    def ablate(self, trace: Trace, wanted: Ablation) -> Floats:
        """Always refused: a text without some of its tokens has to be run."""
        raise MissingError(
            f"the model {trace.card.name!r}",
            because=f"it has to score token {wanted.target} with others taken out", fix=ATTACH,
        )  # fmt: skip

    def in_float32(self, trace: Trace) -> Trace:
        """Always refused: the text has to be read again."""
        raise MissingError(
            f"the model {trace.card.name!r}",
            because="the float32 check reads the text once more, by its weights", fix=ATTACH,
        )  # fmt: skip

    def blank_id(self) -> int:
        """Always refused: only the tokenizer knows which token it is."""
        raise MissingError("the tokenizer", because="it has to name a token", fix=ATTACH)

    def pieces(self, token_ids: Sequence[int]) -> tuple[Piece, ...]:
        """Text and label of the vocabulary entries that the trace mentions."""
        try:
            return tuple(_UNDEFINED if i == -1 else self.known[i] for i in token_ids)
        except KeyError as absent:
            raise MissingError(
                f"the text of token {absent.args[0]}",
                because="the trace does not mention it", fix=ATTACH,
            ) from None  # fmt: skip

    def token_id(self, text: str) -> int:
        """Always refused: only the tokenizer knows which token a text is."""
        raise MissingError("the tokenizer", because=f"it has to read {text!r}", fix=ATTACH)


def _not_kept(
    trace: Trace, what: str, calls: Mapping[int, AttentionCall], capability: str
) -> MissingError:
    """Why a block's call is not in the file: none was kept, or there was none to keep."""
    why = f"this trace kept {', '.join(trace.kept) or 'nothing'}"
    known = trace.card.capabilities.get(capability)
    if calls and known is not None:
        why = known.why
    return MissingError(what, because=why, fix=f"trace again with keep='attention', or {ATTACH}")

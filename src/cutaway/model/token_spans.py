"""Where each token lies in the text that a row of ids decodes to."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, takewhile

from ..core.tokens import TokenRow
from .vocabulary import Vocabulary, runs

__all__ = ["decoded", "row"]


def row(
    vocabulary: Vocabulary,
    ids: Sequence[int],
    n_prompt: int,
    roles: Sequence[str] = (),
    types: Sequence[int] = (),
    segments: Sequence[int] = (),
) -> TokenRow:
    """The row of tokens: texts exactly as the tokenizer decodes them, roles "" where not given.

    >>> row(vocabulary, [504, 3575], 2).texts  # doctest: +SKIP
    ('The', ' capital')
    """
    ids = tuple(int(token_id) for token_id in ids)
    text = decoded(vocabulary, ids)
    spans = _byte_spans(vocabulary, ids, text) or _prefix_spans(vocabulary, ids, text)
    return TokenRow(
        ids=ids,
        labels=tuple(piece.label for piece in vocabulary.pieces(ids)),
        starts=tuple(start for start, _ in spans),
        ends=tuple(end for _, end in spans),
        text=text,
        n_prompt=n_prompt,
        special=tuple(token_id in vocabulary.special for token_id in ids),
        roles=tuple(roles) or ("",) * len(ids),
        types=tuple(types),
        segments=tuple(segments),
    )


def decoded(vocabulary: Vocabulary, ids: Sequence[int]) -> str:
    """The text of ids, special tokens included, nothing tidied."""
    if not vocabulary.tokenizer.is_fast:  # one in Python fails at an id that it has no entry for
        ids = [token_id for token_id in ids if vocabulary.word(token_id)]
    text = vocabulary.tokenizer.decode(
        list(ids), skip_special_tokens=False, clean_up_tokenization_spaces=False
    )
    assert isinstance(text, str)
    return text


def _byte_spans(
    vocabulary: Vocabulary, ids: Sequence[int], text: str
) -> list[tuple[int, int]] | None:
    """Spans by counting bytes; None where the bytes are not those of the text.

    A token covers every character that has one of its bytes, so that the parts of a cut
    character share its span.
    """
    parts = [vocabulary.data(token_id) for token_id in ids]
    data = b"".join(parts)
    stripped = 0
    if data.decode("utf-8", "replace") != text:
        # SentencePiece decoders take away the space before the first word.
        stripped = int(data.startswith(b" "))
        if not stripped or data[1:].decode("utf-8", "replace") != text:
            return None
    numbers = [*_characters_of_bytes(data[stripped:]), len(text)]
    spans, begin = [], -stripped
    for end in (total - stripped for total in accumulate(map(len, parts))):
        low = numbers[max(begin, 0)]
        spans.append((low, numbers[end - 1] + 1 if end > max(begin, 0) else low))
        begin = end
    return spans


def _characters_of_bytes(data: bytes) -> list[int]:
    """The number of the character that each byte belongs to.

    >>> _characters_of_bytes("aé!".encode())
    [0, 1, 1, 2]
    """
    numbers: list[int] = []
    for text, some in runs(data):
        # Bytes that are no character decode to one replacement character.
        sizes = [len(character.encode("utf-8")) for character in text] or [len(some)]
        first = numbers[-1] + 1 if numbers else 0
        for place, size in enumerate(sizes):
            numbers += [first + place] * size
    return numbers


def _prefix_spans(vocabulary: Vocabulary, ids: Sequence[int], text: str) -> list[tuple[int, int]]:
    """Spans by decoding every prefix: for decoders whose words depend on their neighbours.

    A token that finishes no character covers the one it is a part of.
    """
    ends = [_shared(decoded(vocabulary, ids[: i + 1]), text) for i in range(len(ids))]
    spans, begin = [], 0
    for end in accumulate(ends, max):
        spans.append((begin, max(end, min(begin + 1, len(text)))))
        begin = end
    return spans


def _shared(text: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    pairs = zip(text, other, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))

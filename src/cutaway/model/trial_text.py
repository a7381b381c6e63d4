"""The tokens on which a model's parts are looked for and proven."""

from __future__ import annotations

from transformers import PretrainedConfig

from ..core.errors import MissingError
from .vocabulary import Vocabulary, encoded

__all__ = ["trial_ids"]

_TEXT = "The keys to the cabinet are on the table, and 3 of them fit."
_LENGTH = 12


def trial_ids(vocabulary: Vocabulary, config: PretrainedConfig) -> tuple[int, ...]:
    """Twelve different ids of plain words, all within the vocabulary.

    A tokenizer that splits the text into fewer is helped out with ids spread over the table.

    >>> len(trial_ids(vocabulary, config))  # doctest: +SKIP
    12

    Raises MissingError for a model that has no vocabulary, such as one that reads characters.
    """
    rows = getattr(config.get_text_config(), "vocab_size", None)
    if not isinstance(rows, int):
        raise MissingError(
            "the vocabulary", because="this model's configuration names no size of one"
        )
    spread = (1 + place * (rows - 2) // _LENGTH for place in range(_LENGTH))
    candidates = [*encoded(vocabulary.tokenizer, _TEXT), *spread, *range(rows)]
    plain = [i for i in candidates if i < rows and i not in vocabulary.special]
    return tuple(dict.fromkeys(plain))[:_LENGTH]

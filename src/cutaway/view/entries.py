"""Token ids as entries of a small vocabulary, so that each label travels once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Entries", "entries"]


@dataclass(frozen=True)
class Entries:
    """The distinct token ids of a picture, ascending, and the label of each."""

    ids: NDArray[np.int64]
    labels: list[str]

    def index(self, token_ids: NDArray[Any]) -> NDArray[np.int32]:
        """Where each id stands in `labels`, in the shape given; -1 where it is undefined."""
        where = np.searchsorted(self.ids, token_ids)
        return np.where(token_ids < 0, -1, where).astype(np.int32)


def entries(*pairs: tuple[NDArray[Any], NDArray[Any]]) -> Entries:
    """The distinct ids of arrays of (token ids, their labels); undefined ones (-1) left out.

    >>> found = entries((np.array([7, -1, 3]), np.array(["seven", "–", "three"])))
    >>> found.labels, found.index(np.array([[7, 3], [-1, 7]])).tolist()
    (['three', 'seven'], [[1, 0], [-1, 1]])
    """
    ids = np.concatenate([np.ravel(ids) for ids, _ in pairs])
    labels = np.concatenate([np.ravel(labels) for _, labels in pairs])
    distinct, first = np.unique(ids, return_index=True)
    known = distinct >= 0
    return Entries(distinct[known], [str(label) for label in labels[first[known]]])

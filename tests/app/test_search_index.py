"""The index of very many vectors: what it finds, what it says of itself, and its absence."""

from __future__ import annotations

import importlib.util
import re
from typing import Any

import numpy as np
import pytest

from cutaway.app import embeddings as home
from cutaway.app import search_index
from cutaway.app.embeddings import Embeddings
from cutaway.app.search_index import SearchIndex
from cutaway.core.errors import MissingError
from cutaway.lens.embed import embeddings
from tests.lens.fakes import fake_card

rng = np.random.default_rng(0)
#: Forty heaps of vectors: without heaps no index is better than looking at all.
ROWS = (rng.normal(size=(40, 12))[rng.integers(0, 40, 3000)] + rng.normal(size=(3000, 12))).astype(
    np.float32
)


@pytest.fixture(scope="module")
def many() -> Embeddings:
    texts = [f"text {n}" for n in range(len(ROWS))]
    data = embeddings(ROWS, texts, fake_card(2, (4, 4)), {"words": "made up"})
    return Embeddings(data, lambda some: ROWS[[texts.index(text) for text in some]])


def test_it_finds_what_it_says_it_finds(many: Embeddings) -> None:
    queries = np.sort(np.random.default_rng(1).permutation(len(ROWS))[:100])
    hits = []
    for query in queries:
        exact = many.nearest(ROWS[query], k=10, exact=True).data["text"].values
        found = many.nearest(ROWS[query], k=10, exact=False).data["text"].values
        assert found[0] == f"text {query}"
        hits.append(np.isin(exact, found).mean())
    said = many.nearest(ROWS[0], k=10, exact=False).spec.header["about"]
    number = float(re.search(r"finds ([\d.]+) %", said).group(1))  # type: ignore[union-attr]
    assert number == pytest.approx(100 * np.mean(hits), abs=0.06)
    assert number >= 95
    assert "exact" not in said


def test_its_cosines_are_exact_and_its_answer_the_same_every_time(many: Embeddings) -> None:
    near = many.nearest(ROWS[7], k=5, exact=False).data
    own = ROWS[7].astype(np.float64)
    for text, value in zip(near["text"].values, near["similarity"].values, strict=True):
        row = ROWS[int(text.split()[1])].astype(np.float64)
        assert value == pytest.approx(row @ own / np.linalg.norm(row) / np.linalg.norm(own))
    again = SearchIndex(ROWS).find(ROWS[7], 5)[0]
    assert [f"text {n}" for n in again] == near["text"].values.tolist()


def test_many_texts_are_searched_by_it_and_its_absence_says_what_to_do(
    many: Embeddings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(home, "MOST_EXACT", 2999)
    other = Embeddings(many.data, lambda some: ROWS[:1])
    assert "IVF" in other.nearest("text 0").spec.header["about"]

    def lacking(name: str, *rest: Any) -> Any:
        return None if name == "faiss" else importlib.util.find_spec(name, *rest)

    monkeypatch.setattr(search_index, "find_spec", lacking)
    with pytest.raises(MissingError, match=r"cutaway\[search\].*exact=True"):
        Embeddings(many.data, lambda some: ROWS[:1]).nearest("text 0")
    assert other.nearest("text 0", exact=True).data["text"].values[0] == "text 0"

"""The explorer's numbers, of made-up logits, against plain loops over the whole vocabulary."""

from __future__ import annotations

import numpy as np
import pytest

from cutaway.core.tokens import Piece
from cutaway.lens.explore import explore
from cutaway.trace.candidates import Candidates
from cutaway.trace.explored import Explored, Node

from .fakes import fake_card

V, K = 40, 12
TEMPERATURES = (0.1, 0.5, 1.0, 1.7)
LOGITS = np.random.default_rng(3).normal(20.0, 2.0, V)
PLAIN: dict[str, object] = {"k": 5, "temperature": 1.0, "top_k": None, "top_p": None}


def explored() -> Explored:
    best = np.argsort(-LOGITS)[:K]
    share = np.exp(LOGITS) / np.exp(LOGITS).sum()
    found = Candidates(
        token_ids=best, logits=LOGITS[best], temperatures=np.array(TEMPERATURES),
        log_totals=np.array([np.log(sum(np.exp(z / t) for z in LOGITS)) for t in TEMPERATURES]),
        entropy=-float(sum(p * np.log(p) for p in share)), vocab=V,
    )  # fmt: skip
    pieces = tuple(Piece(f"t{i}", f"t{i}") for i in best)
    return Explored((Node(0, None, (1, 2), ("a", "b"), "ab", float("nan"), found, pieces),))


def asked(**options: object) -> dict[str, np.ndarray]:
    data = explore(explored(), fake_card(2, (3, 3)), PLAIN | options, {"prompt": "ab"})
    return {str(name): array.values for name, array in data.data_vars.items()}


def test_a_saved_page_can_make_the_probability_at_every_temperature() -> None:
    """What it does: exp of a logit over the temperature, from the first on, less the log total."""
    data = asked()
    for place, temperature in enumerate(TEMPERATURES):
        whole = np.exp(LOGITS / temperature)
        logits, total = data["candidate_logit"][0], data["log_total"][0, place]
        made = np.exp((logits - logits[0]) / temperature - total)
        np.testing.assert_allclose(made, whole[data["candidate_id"][0]] / whole.sum(), rtol=1e-9)


@pytest.mark.parametrize(
    ("temperature", "top_k", "top_p"), [(0.5, None, None), (1.7, 4, None), (1.7, 6, 0.7)]
)
def test_drawn_is_what_is_left_after_temperature_top_k_and_top_p(
    temperature: float, top_k: int | None, top_p: float | None
) -> None:
    order = np.argsort(-LOGITS)
    left = np.exp(LOGITS[order[:top_k]] / temperature)
    left /= left.sum()
    if top_p is not None:
        count = next(n for n in range(1, len(left) + 1) if left[:n].sum() >= top_p)
        assert 1 < count < len(left)
        left = left[:count] / left[:count].sum()
    expected = [left[place] if place < len(left) else 0.0 for place in range(5)]
    drawn = asked(temperature=temperature, top_k=top_k, top_p=top_p)["drawn"]
    np.testing.assert_allclose(drawn, expected, rtol=1e-9)

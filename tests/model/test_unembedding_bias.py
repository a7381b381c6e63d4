"""A bias of the unembedding is part of every number that is told of the logits."""

from __future__ import annotations

import numpy as np

import cutaway as ct
from cutaway.trace.source import Question
from tests.model.plain import plain_rows
from tests.models import tiny


def test_ranks_and_distances_are_those_of_logits_with_their_bias() -> None:
    lm = ct.wrap(*tiny("phi"))
    assert lm.model.lm_head.bias.std() > 0.1
    trace = lm.trace([5, 17, 3, 88])
    question = Question((-1, 1, 3), (0, 3), k=6, targets="top", entropy=True, distances=("kl",))
    found, plain = lm.project(trace, question), plain_rows(lm, trace, question)
    assert found.token_id.tolist() == plain.token_id.tolist()
    assert found.rank.tolist() == plain.rank.tolist()
    np.testing.assert_allclose(found.logit, plain.logit, atol=2e-5)
    np.testing.assert_allclose(found.entropy, plain.entropy, atol=2e-5)
    np.testing.assert_allclose(found.distances["kl"], plain.distances["kl"], atol=2e-5)

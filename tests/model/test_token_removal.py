"""Masked texts read in batches equal the model's own answer to each of them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from cutaway.core.errors import InvalidError
from cutaway.model.token_removal import masked
from cutaway.trace.source import Ablation

TEXT = "The keys to the cabinet are on the table"


def log_probability(lm, ids, token):
    with torch.no_grad():
        logits = lm.model(torch.tensor([ids])).logits[0, -1]
    return logits.log_softmax(-1)[token].item()


@pytest.mark.parametrize("how", ["replace", "delete"])
def test_masked_equals_one_plain_pass_a_variant(tiny_lm, how):
    trace = tiny_lm.trace(TEXT)
    removed = ((), (0,), (2, 5), (0,), tuple(range(6)), (6,))
    wanted = Ablation(7, 5, removed, how, 9 if how == "replace" else None)
    answer = masked(tiny_lm.model, tiny_lm.anatomy, trace, wanted)
    ids = trace.token_ids[:7]
    for value, gone in zip(answer, removed, strict=True):
        if how == "replace":
            text = [9 if i in gone else token for i, token in enumerate(ids)]
        else:
            text = [token for i, token in enumerate(ids) if i not in gone]
        assert value == pytest.approx(log_probability(tiny_lm, text, 5), abs=1e-5)
    assert answer[1] == answer[3]


def test_what_can_not_be_taken_out_is_refused(tiny_lm):
    trace = tiny_lm.trace(TEXT)

    def ask(*args):
        return masked(tiny_lm.model, tiny_lm.anatomy, trace, Ablation(3, 5, *args))

    with pytest.raises(InvalidError, match="positions 0 to 2"):
        ask(((3,),), "replace", 9)
    with pytest.raises(InvalidError, match="nothing is left to read"):
        ask(((0, 1, 2),), "delete")
    with pytest.raises(InvalidError, match="invalid replacement None"):
        ask(((0,),), "replace")


def test_many_variants_are_read_in_several_batches(tiny_lm):
    trace = tiny_lm.trace(TEXT * 4)
    n = trace.n_positions
    removed = tuple((i,) for i in range(n))
    answer = masked(tiny_lm.model, tiny_lm.anatomy, trace, Ablation(n, 5, removed, "replace", 9))
    one = masked(tiny_lm.model, tiny_lm.anatomy, trace, Ablation(n, 5, removed[-1:], "replace", 9))
    assert n * n > 1024
    np.testing.assert_allclose(answer[-1], one[0], atol=1e-5)

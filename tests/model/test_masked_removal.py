"""Taking tokens out of a masked model's text: the target is read where it stands."""

from __future__ import annotations

import numpy as np
import torch

import cutaway as ct
from cutaway.model.token_removal import masked
from cutaway.trace.source import Ablation
from tests.models import tiny


def test_a_masked_target_is_read_at_its_own_position() -> None:
    lm = ct.wrap(*tiny("masked bert"))
    trace, target, token = lm.trace([17, 4, 33, 8, 61]), 2, 7
    removed: tuple[tuple[int, ...], ...] = ((), (0,), (4,), (1, 3))
    found = masked(lm.model, lm.anatomy, trace, Ablation(target, token, removed, "replace", 9))
    for value, out in zip(found, removed, strict=True):
        ids = [9 if i in out else each for i, each in enumerate(trace.token_ids)]
        with torch.no_grad():
            logits = lm.model(torch.tensor([ids])).logits[0, target]
        np.testing.assert_allclose(value, logits.log_softmax(-1)[token], atol=1e-5)

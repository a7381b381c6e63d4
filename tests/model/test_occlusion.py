"""Occlusion of all targets together equals masking one source of one target at a time."""

from __future__ import annotations

import numpy as np
import pytest

from cutaway.core.errors import InvalidError
from cutaway.model.attribute import attribute
from cutaway.model.token_removal import masked
from cutaway.trace.source import Ablation, Attribution

TEXT = "The keys to the cabinet are on the table"


@pytest.mark.parametrize(("how", "replacement"), [("replace", 9), ("delete", None)])
def test_occlusion_equals_masking_each_source(tiny_lm, how, replacement):
    trace = tiny_lm.trace(TEXT)
    targets, explained = (2, 5, 9), (4, 5, 6)
    wanted = Attribution(
        targets, explained, quantity="log_probability", method="occlusion",
        options={"how": how, "replacement": replacement},
    )  # fmt: skip
    answer = attribute(tiny_lm.model, tiny_lm.anatomy, trace, wanted)
    for row, (target, token) in enumerate(zip(targets, explained, strict=True)):
        removed = ((), *((i,) for i in range(target)))
        read = masked(
            tiny_lm.model,
            tiny_lm.anatomy,
            trace,
            Ablation(target, token, removed, how, replacement),
        )
        np.testing.assert_allclose(answer.score[row, :target], read[0] - read[1:], atol=1e-5)
        assert np.isnan(answer.score[row, target:]).all()
        assert answer.value[row] == pytest.approx(read[0], abs=1e-5)


def test_the_only_source_can_not_be_deleted(tiny_lm):
    wanted = Attribution(
        (1, 3), (4, 5), method="occlusion", options={"how": "delete", "replacement": None}
    )
    with pytest.raises(InvalidError, match="invalid target 1; allowed: 2 to"):
        attribute(tiny_lm.model, tiny_lm.anatomy, tiny_lm.trace(TEXT), wanted)


@pytest.mark.slow
def test_the_last_token_of_ones_on_the_default_model(smol):
    """ " 1, 1, 1,": what its last token is worth, by a plain loop over the model."""
    import torch

    trace = smol.trace(" 1, 1, 1,")
    T = trace.n_positions
    space, one = smol.token_id(" "), smol.token_id(" ")
    wanted = Attribution(
        (T,), (one,), quantity="log_probability", method="occlusion",
        options={"how": "replace", "replacement": space},
    )  # fmt: skip
    answer = smol.attribute(trace, wanted)
    values = []
    for i in (None, *range(T)):
        ids = [space if j == i else token for j, token in enumerate(trace.token_ids)]
        with torch.no_grad():
            logits = smol.model(torch.tensor([ids])).logits[0, -1]
        values.append(logits.log_softmax(-1)[one].item())
    np.testing.assert_allclose(answer.score[0], values[0] - np.array(values[1:]), atol=1e-4)

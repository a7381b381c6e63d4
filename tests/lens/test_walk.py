"""The walk as a dataset, in families whose steps differ from Llama's."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

import cutaway as ct
from cutaway.view.kinds import spec_of
from tests.models import shared_lm


@pytest.mark.parametrize("family", ["gpt2", "opt", "gpt_neox", "mixtral"])
def test_every_step_is_a_variable_beside_the_row_of_tokens(family):
    trace = shared_lm(family).trace("The keys to the cabinet")
    data = ct.walk(trace, at=2, layer=1).data
    assert data["position"].values.tolist() == list(range(trace.n_positions))
    assert data["change"].sizes == {"layer": trace.n_layers, "position": trace.n_positions}
    states = [trace.state(i) for i in range(-1, trace.n_layers)]
    for layer, (before, after) in enumerate(pairwise(states)):
        lengths = np.linalg.norm(after - before, axis=-1), np.linalg.norm(before, axis=-1)
        np.testing.assert_allclose(data["change"][layer], lengths[0] / lengths[1], rtol=1e-5)
    assert {"query_vector", "probability"} <= set(data.data_vars)
    assert spec_of(data).header["inputs"] == list(trace.tokens.labels)


def test_the_position_s_embedding_is_added_to_the_token_s():
    lm = shared_lm("gpt2")
    data = ct.walk(lm.trace("The keys to the cabinet"), at=2, layer=1).data
    rows = lm.model.transformer.wpe.weight.detach().numpy()
    np.testing.assert_array_equal(data["position_embedding"], rows[2])
    total = data["embedding"].values + data["position_embedding"].values
    np.testing.assert_allclose(data["entering"], total, atol=1e-6)

"""The head that looks most at one other token, against a plain search; what is said at the end."""

from __future__ import annotations

import numpy as np
import pytest

from cutaway.lens.attention import attention
from cutaway.lens.strongest_attention import strongest_attention
from cutaway.lens.top_tokens import top_tokens
from cutaway.lens.watch import watch

from .fakes import attention_trace


@pytest.mark.parametrize(("layers", "heads"), [(None, None), ([2, 1], [3, 0])])
def test_it_is_the_largest_weight_with_the_numbers_of_the_model(layers, heads):
    data = attention(attention_trace(n_layers=3, T=9), layers=layers, heads=heads)
    found = strongest_attention(data)
    for query in range(9):
        cells = [
            (float(data["weight"].sel(layer=layer, head=head, query=query, key=key)),
             layer, head, key)
            for layer in data["layer"].values for head in data["head"].values
            for key in range(1, query)
        ]  # fmt: skip
        here = found.isel(position=query)
        if query < 2:
            assert not cells
            assert np.isnan(here["weight"])
            assert here["key"] == here["head"] == here["layer"] == -1
            continue
        weight, *place = max(cells)
        assert float(here["weight"]) == weight
        assert [int(here[name]) for name in ("layer", "head", "key")] == place


def test_what_is_said_is_what_the_race_says(tiny_lm):
    trace = tiny_lm.trace("The keys to the cabinet are on")
    data = top_tokens(trace, 4)
    for at in range(6):
        race = watch(trace, [trace.token_ids[at + 1]], at=at).isel(layer=-1, token=0)
        assert int(data["rank"][at]) == int(race["rank"])
        np.testing.assert_allclose(np.exp(-data["surprisal"][at]), race["probability"], rtol=1e-5)
    assert int(data["rank"][-1]) == 0
    assert np.isnan(data["surprisal"][-1])


def test_nothing_is_asked_for_no_tokens(tiny_lm):
    trace = tiny_lm.trace("The keys")
    data = top_tokens(trace.attach(None), 0)  # nobody would answer
    assert data.sizes == {"k": 0, "position": 2}
    assert list(data["input"].values) == list(trace.tokens.labels)

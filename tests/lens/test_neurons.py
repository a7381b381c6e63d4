"""Neurons: the recorded values, by layer, neuron and position."""

from __future__ import annotations

import numpy as np
import pytest

from cutaway.core.errors import MissingError
from cutaway.lens.neurons import neurons

from .fakes import fake_trace


def test_the_activations_are_the_recorded_ones_and_short_blocks_are_padded_with_nan():
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=(6, 5)), np.zeros((6, 0)), rng.normal(size=(6, 3))]
    data = neurons(fake_trace(arrays))
    assert data["layer"].values.tolist() == [0, 2]
    values = data["activation"]
    assert values.dims == ("layer", "neuron", "position")
    np.testing.assert_array_equal(values.sel(layer=0).values, arrays[0].T.astype(np.float32))
    np.testing.assert_array_equal(values.sel(layer=2).values[:3], arrays[2].T.astype(np.float32))
    assert np.isnan(values.sel(layer=2).values[3:]).all()


def test_what_was_not_kept_is_named():
    trace = fake_trace([np.ones((4, 3))])
    bare = type(trace)(tokens=trace.tokens, card=trace.card, materials={}, source=trace.source)
    with pytest.raises(MissingError, match="neurons"):
        neurons(bare)

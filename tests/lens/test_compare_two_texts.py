"""Saliencies of two encoder-decoder traces, token beside token of both texts."""

from __future__ import annotations

import numpy as np
import pytest

import cutaway as ct
from cutaway.core.errors import InvalidError
from tests.model.seq2seq import SOURCE, TARGET, opened

from .fakes import fake_trace


def test_each_side_is_its_own_saliency_at_the_slots() -> None:
    lm = opened("bart")
    a, b = (lm.trace(text, target=TARGET) for text in (SOURCE, SOURCE.replace(" to the", "")))
    found = ct.compare(a, b, lens="saliency").data
    for side, trace in (("a", a), ("b", b)):
        own = ct.saliency(trace).data
        slots = found["source_position_" + side].values
        here = slots >= 0
        np.testing.assert_array_equal(slots[here], np.arange(len(trace.source_ids)))
        shares = found["source_saliency"].sel(run=side).values
        np.testing.assert_allclose(shares[:, here], own["source_saliency"])
        assert np.isnan(shares[:, ~here]).all()
        whole = np.nansum(shares, axis=1) + np.nansum(found["saliency"].sel(run=side), axis=1)
        np.testing.assert_allclose(whole, 1, atol=1e-5)
    gap = found["source_saliency"]
    np.testing.assert_allclose(gap[2], gap[1] - gap[0])
    assert "Tokens of the sources" in found.attrs["notes"]


def test_the_picture_has_the_sources_columns_first() -> None:
    lm = opened("bart")
    a, b = (lm.trace(text, target=TARGET) for text in (SOURCE, SOURCE.replace("keys", "cats")))
    view = ct.compare(a, b, lens="saliency")
    columns = view.spec.header["columns"]
    S = len(a.source_ids)
    assert columns["read"] == view.data.sizes["source_position"]
    assert len(columns["same"]) == columns["read"] + view.data.sizes["source"]
    shares = view.spec.arrays["saliency"]
    np.testing.assert_allclose(shares[..., : columns["read"]], view.data["source_saliency"])
    assert columns["inputs"][0][0] == a.encoder.tokens.labels[0]
    assert columns["read"] >= S


def test_a_trace_with_a_source_has_no_counterpart_without() -> None:
    trace = opened("bart").trace(SOURCE, target=TARGET)
    with pytest.raises(InvalidError, match="both with a source"):
        ct.compare(trace, fake_trace([np.zeros((4, 0))] * trace.n_layers), lens="saliency")

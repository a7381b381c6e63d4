"""Attention rollout through an encoder-decoder, against a plain loop over eager weights."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

import cutaway as ct
from cutaway.core.errors import MissingError
from cutaway.lens.attention import attention
from cutaway.lens.rollout import EncoderDecoderRollout
from tests.model.seq2seq import SOURCE, TARGET, opened

from .crossed import cross_trace, shares


def eager(lm: Any, trace: Any) -> tuple[list[np.ndarray], ...]:
    """The mean over heads of each block of the encoder, the decoder, and across."""
    kernel = lm.model.config._attn_implementation
    lm.model.set_attn_implementation("eager")
    with torch.no_grad():
        output = lm.model(
            input_ids=torch.tensor([trace.source_ids]), output_attentions=True,
            decoder_input_ids=torch.tensor([trace.token_ids]), use_cache=False,
        )  # fmt: skip
    lm.model.set_attn_implementation(kernel)
    kinds = (output.encoder_attentions, output.decoder_attentions, output.cross_attentions)
    return tuple([one[0].double().mean(0).numpy() for one in kind] for kind in kinds)


@pytest.mark.parametrize("family", ["bart", pytest.param("t5", marks=pytest.mark.slow)])
def test_every_path_through_both_texts_is_summed(family: str) -> None:
    lm = opened(family)
    trace = lm.trace(SOURCE, target=TARGET)
    encoder, decoder, across = eager(lm, trace)
    S, T = len(trace.source_ids), trace.n_positions
    read = np.eye(S)
    for one in encoder:
        read = (one + np.eye(S)) / 2 @ read
    found = attention(trace, kind="encoder", aggregate="rollout")["weight"].values
    np.testing.assert_allclose(found[-1], read, atol=1e-5)
    source, own = np.zeros((T, S)), np.eye(T)
    crossed = attention(trace, kind="cross", aggregate="rollout")["weight"].values
    said = attention(trace, kind="decoder", aggregate="rollout")["weight"].values
    for layer, (looks, takes) in enumerate(zip(decoder, across, strict=True)):
        own, source = (looks + np.eye(T)) / 2 @ own, (looks + np.eye(T)) / 2 @ source
        own, source = own / 2, source / 2 + takes @ read / 2
        np.testing.assert_allclose(crossed[layer], source, atol=1e-5)
        np.testing.assert_allclose(said[layer], own, atol=1e-5)
    np.testing.assert_allclose(crossed.sum(-1) + said.sum(-1), 1, atol=1e-5)


def test_mass_on_sinks_is_shared_out() -> None:
    own, across = shares((1, 4, 4), 0, causal=True)[0], 0.6 * shares((1, 4, 3), 1)[0]
    read = shares((1, 3, 3), 2)[0].astype(float)
    found = EncoderDecoderRollout(lambda _: 0.7 * own, lambda _: across, read, 4).upto(1)
    np.testing.assert_allclose(found.sum(-1), 1, atol=1e-12)
    assert found.shape == (4, 7)


def test_the_picture_of_each_part_says_where_the_rest_is() -> None:
    trace = cross_trace()
    for kind, words in (("cross", "what was written before"), ("decoder", "lies on the source")):
        view = ct.attention(trace, kind=kind, aggregate="rollout")
        assert words in view.spec.header["about"]
        assert "sinks" not in str(view.spec.header["sentence"])
    assert "through encoder and decoder" in view.data["weight"].attrs["long_name"]


def test_an_encoder_without_attention_is_named() -> None:
    trace = cross_trace()
    read = trace.encoder
    assert read is not None
    bare = replace(read, card=replace(read.card, heads=(4, 0, 4)))
    with pytest.raises(MissingError, match="no attention of the encoder in layer 1"):
        attention(replace(trace, encoder=bare), kind="cross", aggregate="rollout")

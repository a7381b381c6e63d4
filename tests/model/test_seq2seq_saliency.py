"""Saliency over both texts of an encoder-decoder, against plain loops."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import cutaway as ct
from tests.model.seq2seq import SOURCE, TARGET, opened, plain_scores


@pytest.mark.parametrize("method", ["input_x_gradient", "gradient_norm"])
def test_saliency_of_both_texts_is_a_plain_loops(method: str) -> None:
    lm = opened("bart")
    trace = lm.trace(SOURCE, target=TARGET)
    source, own = plain_scores(lm, trace, method)
    data = ct.saliency(trace, method=method).data
    unseen = np.arange(trace.n_positions) >= data["target"].values[:, None]
    total = source.sum(1, keepdims=True) + np.where(unseen, 0, own).sum(1, keepdims=True)
    assert np.allclose(data["source_saliency"], source / total, atol=1e-5)
    assert np.allclose(data["saliency"], np.where(unseen, np.nan, own / total), 0, 1e-5, True)
    whole = np.nansum(data["saliency"], 1) + np.nansum(data["source_saliency"], 1)
    assert np.allclose(whole, 1, atol=1e-5)


def test_occlusion_takes_tokens_out_of_both_texts() -> None:
    lm = opened("bart")
    trace = lm.trace(SOURCE, target=TARGET)
    T, put = trace.n_positions, lm.token_id(" is")

    def logprob(source: tuple[int, ...], target: tuple[int, ...]) -> float:
        ids = torch.tensor([source]), torch.tensor([target[:-1]])
        with torch.no_grad():
            logits = lm.model(input_ids=ids[0], decoder_input_ids=ids[1]).logits
        return float(logits[0, -1].log_softmax(-1)[trace.token_ids[-1]])

    data = ct.saliency(trace, method="occlusion", targets=T - 1, replacement=" is").data
    base = logprob(trace.source_ids, trace.token_ids)
    for side, name in ((0, "source_score"), (1, "score")):
        for i in range(len(trace.source_ids) if side == 0 else T - 1):
            texts = [list(trace.source_ids), list(trace.token_ids)]
            texts[side][i] = put
            lost = base - logprob(*map(tuple, texts))
            assert data[name].values[0, i] == pytest.approx(lost, abs=1e-4)
    deleted = ct.saliency(trace, method="occlusion", targets=T - 1, how="delete").data
    lost = base - logprob(trace.source_ids[1:], trace.token_ids)
    assert deleted["source_score"].values[0, 0] == pytest.approx(lost, abs=1e-4)


@pytest.mark.slow
def test_integrated_gradients_add_up_to_the_rise_of_both_texts() -> None:
    trace = opened("bart").trace(SOURCE, target=TARGET)
    data = ct.saliency(trace, method="integrated_gradients", targets=[1, 4], steps=200).data
    assert (data["gap"] < 0.02).all()
    # the target's first token stays as it is, and the source bears the first target alone
    assert np.allclose(data["score"].isel(source=0), 0, atol=1e-6)
    assert abs(data["source_score"].values[0]).sum() > 0
    for options in ({"method": "kernel_shap", "samples": 40}, {"at_layer": 1}, {"at_layer": "in"}):
        shares = ct.saliency(trace, targets=3, **options).data
        total = np.nansum(shares["saliency"]) + np.nansum(shares["source_saliency"])
        assert total == pytest.approx(1, abs=1e-5)


@pytest.mark.slow
def test_the_shapley_values_of_both_texts_add_up() -> None:
    trace = opened("bart").trace(SOURCE, target="is")
    data = ct.saliency(trace, method="kernel_shap", targets=1, samples=300, replacement=" is").data
    blank = opened("bart").token_id(" is")
    lm = opened("bart")
    with torch.no_grad():
        logits = lm.model(
            input_ids=torch.tensor([[blank] * len(trace.source_ids)]),
            decoder_input_ids=torch.tensor([[blank]]),
        ).logits  # fmt: skip
    empty = float(logits[0, -1].log_softmax(-1)[trace.token_ids[1]])
    whole = float(np.nansum(data["score"]) + np.nansum(data["source_score"]))
    assert whole == pytest.approx(float(data["value"][0]) - empty, abs=2e-3)

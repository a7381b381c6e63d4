"""Encoders: what fills a mask is asked of the mask's own position, and read from the whole text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import cutaway as ct
from cutaway.core.errors import CutawayError, InvalidError, MissingError
from tests.models import MASK, tiny

TEXT = f"The capital of {MASK} is Paris."


@pytest.fixture(scope="module")
def lm() -> Any:
    return ct.wrap(*tiny("masked bert"))


@pytest.fixture(scope="module")
def trace(lm: Any) -> Any:
    return lm.trace(TEXT)


@pytest.fixture(scope="module")
def at(lm: Any, trace: Any) -> int:
    return int(trace.token_ids.index(lm.tokenizer.mask_token_id))


def logits(lm: Any, token_ids: Any) -> Tensor:
    with torch.no_grad():
        return lm.model(torch.tensor([list(token_ids)])).logits[0]  # type: ignore[no-any-return]


def test_the_card_says_what_it_predicts_and_survives_the_file(trace: Any, tmp_path: Path) -> None:
    assert (trace.card.objective, trace.card.shift) == ("masked", 0)
    again = ct.open(trace.save(tmp_path / "masked.trace"))
    assert (again.card.objective, again.card.mask_id) == ("masked", trace.card.mask_id)


def test_the_lens_at_the_last_layer_is_the_model_at_every_position(lm: Any, trace: Any) -> None:
    data = ct.logit_lens(trace, k=1, rank_of="input").data.isel(layer=-1)
    own = logits(lm, trace.token_ids)
    np.testing.assert_array_equal(data["token_id"].values[:, 0], own.argmax(-1))
    said = own.log_softmax(-1)[range(len(own)), list(trace.token_ids)]
    np.testing.assert_allclose(data["surprisal"], -said, atol=1e-4)


def test_predictions_are_of_the_mask_where_there_is_one(lm: Any, trace: Any, at: int) -> None:
    data = ct.predictions(trace, k=3).data.isel(layer=-1)
    best = logits(lm, trace.token_ids)[at].topk(3).indices
    np.testing.assert_array_equal(data["token_id"], best)
    assert ct.predictions(trace, target=at, k=3).data.equals(ct.predictions(trace, k=3).data)
    assert "in the place of" in str(ct.predictions(trace))


def test_saliency_explains_what_fills_the_mask_by_every_token(lm: Any, trace: Any, at: int) -> None:
    data = ct.saliency(trace).data
    assert data["target"].values.tolist() == [at]
    embedding = lm.model.get_input_embeddings()
    rows = embedding(torch.tensor([trace.token_ids])).detach().requires_grad_()
    given = lm.model(inputs_embeds=rows).logits[0, at]
    (gradient,) = torch.autograd.grad(given.max(), rows)
    norms = (gradient * rows).norm(dim=-1)[0].detach()
    np.testing.assert_allclose(data["saliency"][0], norms / norms.sum(), atol=1e-5)
    assert data["explained_id"].item() == given.argmax()


@pytest.mark.parametrize("method", ["occlusion", "integrated_gradients", "kernel_shap"])
def test_other_methods_reach_every_token_too(trace: Any, at: int, method: str) -> None:
    options = {"samples": 20} if method == "kernel_shap" else {}
    data = ct.saliency(trace, method=method, targets=[0, at], **options).data
    assert np.isfinite(data["score"].values).all()
    np.testing.assert_allclose(np.abs(data["saliency"]).sum("source"), 1, atol=1e-5)


def test_occlusion_is_what_is_lost_with_the_mask_in_a_tokens_place(
    lm: Any, trace: Any, at: int
) -> None:
    said = int(logits(lm, trace.token_ids)[at].argmax())
    whole = logits(lm, trace.token_ids)[at].log_softmax(-1)[said]
    lost = []
    for i in range(len(trace.token_ids)):
        ids = list(trace.token_ids)
        ids[i] = lm.tokenizer.mask_token_id
        lost.append(float(whole - logits(lm, ids)[at].log_softmax(-1)[said]))
    data = ct.saliency(trace, method="occlusion").data
    np.testing.assert_allclose(data["score"].values[0], lost, atol=1e-5)


def test_the_deletion_check_takes_out_tokens_on_both_sides(trace: Any) -> None:
    data = ct.saliency(trace).check().data
    assert data.sizes["source"] == trace.n_positions
    assert sorted(data["place"].values) == list(range(1, trace.n_positions + 1))


def test_attention_looks_both_ways(trace: Any) -> None:
    weights = ct.attention(trace).data["weight"].values
    np.testing.assert_allclose(weights.sum(-1), 1, atol=1e-5)
    assert np.triu(weights, 1).max() > 0


def test_what_asks_for_the_next_token_is_refused_in_words(lm: Any, trace: Any) -> None:
    for ask in (lambda: lm.generate("The"), lambda: ct.explore(lm, "The")):
        with pytest.raises(MissingError, match=r"encoder|fills masks"):
            ask()
    with pytest.raises(InvalidError, match="'input'"):
        ct.logit_lens(trace, rank_of="next")
    with pytest.raises(InvalidError, match="'replace' in a masked model"):
        ct.saliency(trace, method="occlusion", how="delete")
    with pytest.raises(InvalidError, match=f"0 to {trace.n_positions - 1}"):
        ct.predictions(trace, target=trace.n_positions)


def test_a_model_without_a_head_has_states_and_says_what_it_has_not() -> None:
    model, tokenizer = tiny("masked bert")
    lm = ct.wrap(model.bert, tokenizer)
    trace = lm.trace("The keys", keep="all")
    assert trace.kept == ("states", "inside", "neurons", "attention")
    given = model.bert(torch.tensor([trace.token_ids])).last_hidden_state[0]
    np.testing.assert_array_equal(trace.state(lm.card.n_layers - 1), given.detach())
    assert ct.attention(trace).data["weight"].shape[-1] == trace.n_positions
    assert ct.factors(trace, n=2).data.sizes["factor"] == 2
    for ask in (ct.logit_lens, ct.predictions, ct.saliency):
        with pytest.raises(CutawayError, match="no language head"):
            ask(trace)
    assert int(ct.anatomy(lm).data["parameters"].sum()) == model.bert.num_parameters()


def test_a_report_opens_at_the_mask_and_tells_what_is_said_in_its_place(
    trace: Any, at: int, tmp_path: Path
) -> None:
    report = ct.report(trace, ["lens", "saliency", "walk"])
    spec = report.spec
    assert spec.header["opens_at"] == at
    assert report.missing == {}
    assert report["walk"].spec.header["at"] == at
    share = ct.saliency(trace).data["saliency"].values[0]
    told = report.account(at)
    assert told.startswith("In the place of <|mask|> the model says ")
    assert f"{100 * share.max():.3g}"[:4] in told
    assert f"What stands there is {trace.tokens.labels[0]}" in report.account(0)
    assert "What stands there" not in told
    assert report.save(tmp_path / "masked.html").stat().st_size > 10_000

"""Routers: what was recorded is what the experts took, and what is claimed of it is proven."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import cutaway as ct
from cutaway.app.report_crossed import sections_of
from cutaway.core.errors import MissingError
from cutaway.model.routing import fits

from ..models import tiny

TEXT = "The keys to the cabinet are on the table"


@pytest.fixture(scope="module")
def mixtral() -> ct.LM:
    return ct.wrap(*tiny("mixtral"))


def entering(lm: ct.LM, path: str, text: str = TEXT) -> torch.Tensor:
    """(T, d) what the module at a path takes."""
    taken: list[torch.Tensor] = []
    module = lm.model.get_submodule(path)
    handle = module.register_forward_pre_hook(lambda _, args: taken.append(args[0].clone()))
    lm.trace(text)
    handle.remove()
    return taken[-1].reshape(-1, taken[-1].shape[-1])


def test_scores_choices_and_weights_are_those_of_a_plain_loop(mixtral: ct.LM) -> None:
    data = ct.experts(mixtral.trace(TEXT)).data
    for layer in data["layer"].values.tolist():
        mlp = mixtral.model.model.layers[layer].mlp
        rows = entering(mixtral, f"model.layers.{layer}.mlp").double()
        logits = rows @ mlp.gate.weight.detach().double().T
        own = data.sel(layer=layer)
        for at, row in enumerate(logits):
            share = row.softmax(0)
            best = share.argsort(descending=True)[:2]
            assert own["chosen"].values[at].tolist() == best.tolist()
            weight = share[best] / share[best].sum()
            np.testing.assert_allclose(own["weight"].values[at], weight, atol=1e-5)
            np.testing.assert_allclose(own["probability"].values[at], share, atol=1e-5)


def test_what_the_mixture_gave_is_the_sum_of_its_weighted_experts(mixtral: ct.LM) -> None:
    data = ct.experts(mixtral.trace(TEXT), layers=1).data.isel(layer=0)
    mlp = mixtral.model.model.layers[1].mlp
    rows = entering(mixtral, "model.layers.1.mlp").double()
    up, down = (p.detach().double() for p in (mlp.experts.gate_up_proj, mlp.experts.down_proj))
    with torch.inference_mode():
        given = mlp(rows.float()[None])[0]
    for at, row in enumerate(rows):
        total = torch.zeros_like(row)
        for k in range(2):
            e = int(data["chosen"][at, k])
            gate, value = (up[e] @ row).chunk(2)
            total += float(data["weight"][at, k]) * (
                down[e] @ (torch.nn.functional.silu(gate) * value)
            )
        np.testing.assert_allclose(given[at], total, atol=1e-5 * float(given.abs().max()))


def test_a_saved_trace_answers_if_they_were_kept(mixtral: ct.LM, tmp_path) -> None:
    kept = mixtral.trace(TEXT, keep="experts")
    assert mixtral.cost(TEXT, keep="experts")["experts"] == kept.nbytes - mixtral.trace(TEXT).nbytes
    opened = ct.open(kept.save(tmp_path / "kept.trace"))
    asked = ct.experts(mixtral.trace(TEXT)).data
    for name in asked.data_vars:
        np.testing.assert_array_equal(ct.experts(opened).data[name], asked[name])
    bare = ct.open(mixtral.trace(TEXT).save(tmp_path / "bare.trace"))
    with pytest.raises(MissingError, match="keep='experts'"):
        ct.experts(bare)


def test_texts_of_a_batch_are_routed_as_by_themselves(mixtral: ct.LM) -> None:
    texts = [TEXT, "1, 1, 2, 3, 5, 8, 13, 21: every number", "The capital of France is Paris."]
    for text, trace in zip(texts, mixtral.trace(texts, keep="experts"), strict=True):
        together, alone = (ct.experts(one).data for one in (trace, mixtral.trace(text)))
        np.testing.assert_array_equal(together["chosen"], alone["chosen"])
        np.testing.assert_allclose(together["weight"], alone["weight"], atol=1e-5)


def test_a_bias_beside_the_scores_is_seen_in_what_is_passed_over() -> None:
    model, tokenizer = tiny("deepseek_v3")
    for name, buffer in model.named_buffers():
        if name.endswith("e_score_correction_bias"):
            buffer.copy_(torch.tensor([0.0, 2.0, 0.0, -2.0]))
    lm = ct.wrap(model, tokenizer)
    data = ct.experts(lm.trace(TEXT)).data
    assert set(data["scores"].values) == {"sigmoid"}
    assert (data["chosen"] == 1).any("k").all()
    assert not (data["chosen"] == 3).any()
    assert (data["passed_over"] > 0).any()
    assert "experts" in sections_of(lm.trace(TEXT))
    assert "layers without a mixture: 0" in data.attrs["notes"]
    with pytest.raises(MissingError, match="the experts of layer 0"):
        ct.experts(lm.trace(TEXT), layers=0)


def test_a_mixture_whose_weights_are_not_what_multiplies_its_experts_is_refused() -> None:
    model, tokenizer = tiny("mixtral")
    module = model.model.layers[2].mlp.experts
    forward = type(module).forward
    module.forward = lambda hidden, ids, weights: forward(module, hidden, ids, weights**2)
    lm = ct.wrap(model, tokenizer)
    assert not lm.card.capabilities["experts"].proven
    with pytest.raises(MissingError, match="block 2: its experts, run one by one, do not add"):
        ct.experts(lm.trace(TEXT))
    with pytest.raises(MissingError, match="material 'experts'"):
        lm.trace(TEXT, keep="experts")


def test_a_model_without_a_mixture_is_refused(tiny_lm: ct.LM) -> None:
    assert "experts" not in tiny_lm.card.capabilities
    with pytest.raises(MissingError, match="missing the experts"):
        ct.experts(tiny_lm.trace(TEXT))
    with pytest.raises(MissingError, match="no block of this model is a mixture"):
        tiny_lm.trace(TEXT, keep="experts")
    assert "experts" not in tiny_lm.trace(TEXT, keep="all").kept
    assert "experts" not in sections_of(tiny_lm.trace(TEXT))


@pytest.mark.parametrize("function", ["softmax", "sigmoid"])
@pytest.mark.parametrize("normed", [True, False])
@pytest.mark.parametrize("k", [1, 3])
def test_only_the_true_function_fits(function: str, normed: bool, k: int) -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(11, 6, generator=generator)
    scores = logits.softmax(1) if function == "softmax" else logits.sigmoid()
    own, ids = scores.topk(k)
    weights = 2.5 * (own / own.sum(1, keepdim=True) if normed else own)
    found = [f for f in ("softmax", "sigmoid", "sqrt softplus") if fits(f, logits, ids, weights)]
    # One expert that has all the weight says nothing of the scores.
    assert found == ([] if k == 1 and normed else [function])

"""The laws of the logit lens, on the embedded model, a full-size GPT-2 and tiny models."""

from __future__ import annotations

import copy
import math

import numpy as np
import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel

import cutaway
from cutaway.lens.logit_lens import logit_lens
from cutaway.trace.source import Question
from tests.model.plain import distance, softmax, xlog
from tests.models import tiny, tiny_tokenizer

TEXT = (
    "The keys to the cabinet are on the table. 1, 1, 2, 3, 5, 8, 13: each is the sum of the two "
    "before it. The capital of France is"
)
TINY = ("llama", "gemma2", "cohere", "gpt_neox", "opt", "bloom", "qwen3", "mixtral")


@pytest.fixture(scope="module")
def gpt2():
    """GPT-2 at its real size, 124 M random parameters: biases, LayerNorm, V = 50,257."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = GPT2LMHeadModel(GPT2Config()).eval()
    return cutaway.wrap(model, tiny_tokenizer())


@pytest.fixture(
    scope="module",
    params=[
        pytest.param("smol", marks=pytest.mark.slow),
        pytest.param("gpt2", marks=pytest.mark.slow),
        "llama",
        *(pytest.param(name, marks=pytest.mark.slow) for name in TINY[1:]),
    ],
)
def lm(request):
    if request.param in ("smol", "gpt2"):
        return request.getfixturevalue(request.param)
    return cutaway.wrap(*tiny(request.param))


@pytest.fixture(scope="module")
def trace(lm):
    return lm.trace(lm.tokenizer(TEXT)["input_ids"][-24:])


@pytest.fixture(scope="module")
def data(trace):
    return logit_lens(trace, k=8, distances=("kl", "js", "tv"))


def own_logits(lm, trace):
    """(T, V) what the model itself computes."""
    ids = torch.tensor([trace.token_ids])
    with torch.inference_mode():
        return lm.model(ids, use_cache=False).logits[0].numpy()


def lens_logits(trace, layer):
    """(T, V) every logit that the lens gives for one layer."""
    positions = tuple(range(trace.n_positions))
    question = Question((layer,), positions, k=trace.card.vocab_size)
    rows = trace.source.project(trace, question)
    logits = np.empty_like(rows.logit[0])
    np.put_along_axis(logits, rows.token_id[0], rows.logit[0], axis=-1)
    return logits


def assert_equal(a, b):
    """Equal but for the order of float32 sums."""
    np.testing.assert_allclose(a, b, rtol=0, atol=2e-6 * np.abs(b).max())


def test_the_last_layer_is_the_models_logits(lm, trace):
    assert_equal(lens_logits(trace, trace.n_layers - 1), own_logits(lm, trace))


def test_the_layer_before_is_the_model_without_its_last_block(lm, trace):
    def bypass(module, args, kwargs, output):
        entered = args[0] if args else kwargs["hidden_states"]
        return (entered, *output[1:]) if isinstance(output, tuple) else entered

    block = lm.model.get_submodule(lm.anatomy.blocks[-1].path)
    hook = block.register_forward_hook(bypass, with_kwargs=True)
    try:
        bypassed = own_logits(lm, trace)
    finally:
        hook.remove()
    assert np.abs(bypassed - own_logits(lm, trace)).max() > 1e-3  # the last block does something
    assert_equal(lens_logits(trace, trace.n_layers - 2), bypassed)


def test_rank_one_is_the_top_token(data):
    top = data["token_id"].sel(k=0)
    assert ((data["rank"] == 1) == (top == data["target_id"])).all()
    assert (data["rank"].isel(layer=-1) == 1).all()


def test_bounds(data, trace):
    V = trace.card.vocab_size
    assert (data["kl"] >= 0).all()
    assert (data[["kl", "js", "tv"]].isel(layer=-1).to_array() == 0).all()
    assert data["js"].min() >= 0
    assert data["js"].max() <= math.log(2) + 1e-6
    assert data["tv"].max() <= 1 + 1e-6
    assert data["entropy"].min() >= 0
    assert data["entropy"].max() <= math.log(V) + 1e-5
    assert (data["rank"].values >= 1).all()
    assert data["rank"].max() <= V
    assert (np.diff(data["probability"].values, axis=-1) <= 0).all()
    assert data["probability"].sum("k").max() <= 1 + 1e-5


def test_the_probabilities_of_all_tokens_sum_to_one(trace):
    question = Question((0,), (1, 2), k=trace.card.vocab_size)
    rows = trace.source.project(trace, question)
    np.testing.assert_allclose(rows.probability.astype(np.float64).sum(-1), 1, atol=2e-5)


def float64_logits(lm, trace, layer):
    """(T, V) norm and product in float64; a norm that computes in float32 is written out."""
    tail = lm.anatomy.tail
    x = torch.from_numpy(trace.state(layer)).double()
    norm = copy.deepcopy(lm.model.get_submodule(tail.norm)).double()
    if hasattr(norm, "variance_epsilon"):
        size = x.pow(2).mean(-1, keepdim=True) + norm.variance_epsilon
        hidden = norm.weight * x * size.rsqrt()
    else:
        hidden = norm(x)
    return (hidden @ tail.matrix()[0].double().T).detach().numpy()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["smol", "gpt2"])
def test_numbers_are_within_1e_4_of_float64(name, request):
    lm = request.getfixturevalue(name)
    trace = lm.trace(lm.tokenizer(TEXT)["input_ids"][-24:])
    names = ("kl", "js", "tv")
    final = logit_lens(trace, distances=names)
    against_input = logit_lens(trace, distances=names, against="input")
    last = trace.n_layers - 1
    logits = {i: float64_logits(lm, trace, i) for i in (-1, 0, last // 2, last - 1, last)}
    p = {layer: softmax(row) for layer, row in logits.items()}
    for layer in logits:
        for data, base in ((final, p[last]), (against_input, p[-1])):
            for kind in names:
                exact = distance(kind, base, p[layer])
                np.testing.assert_allclose(data[kind].sel(layer=layer), exact, rtol=0, atol=1e-4)
        cells = final.sel(layer=layer)
        entropy = -xlog(p[layer], p[layer]).sum(-1)
        np.testing.assert_allclose(cells["entropy"], entropy, rtol=0, atol=1e-4)
        assert_ranks(cells, logits[layer])


def assert_ranks(cells, logits):
    """Ranks and top tokens are those of float64, but where float32 can't tell two logits apart."""
    near = 2e-6 * np.abs(logits).max()
    for position, row in enumerate(logits):
        own = row[int(cells["target_id"][position])]
        rank = int(cells["rank"][position])
        assert 1 + (row > own + near).sum() <= rank <= 1 + (row > own - near).sum()
        ids = cells["token_id"].values[position]
        best = np.sort(row)[::-1][: len(ids)]
        np.testing.assert_allclose(row[ids], best, rtol=0, atol=near)


@pytest.mark.slow
def test_the_claim_everyone_can_check(smol):
    data = logit_lens(smol.trace("The capital of France is"))
    cell = data.isel(layer=-1, position=-1, k=0)
    assert cell["token"] == "·Paris"
    assert float(cell["probability"]) == pytest.approx(0.773, abs=5e-4)

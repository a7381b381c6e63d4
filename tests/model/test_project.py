"""`project` equals a plain computation with full logits, whatever the model's tail is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

import cutaway
from cutaway.core.errors import InvalidError, MissingError
from cutaway.model import project as projecting
from cutaway.model import unembed
from cutaway.model.project import project
from cutaway.trace.source import Question, Rows
from tests.model.plain import plain_logits, plain_rows
from tests.models import tiny

IDS = [5, 17, 3, 3, 88, 120, 9]
#: Tails of every kind: a plain product, one with a scale, one with a soft-cap, a wide vocabulary
#: whose last block of 64 is short.
TAILS = {
    "llama": {},
    "cohere": {},
    "gemma2": {},
    "gpt2": {"vocab_size": 4097},
}


@pytest.fixture(scope="module", params=TAILS)
def lm(request):
    return cutaway.wrap(*tiny(request.param, **TAILS[request.param]))


def asked(trace, **changes) -> Question:
    """Everything at once: three targets, one of them undefined, all distances."""
    T = trace.n_positions
    targets = np.stack([np.arange(T), np.arange(T)[::-1] + 50, np.full(T, -1)], axis=1)
    question = Question(
        layers=tuple(range(-1, trace.n_layers)), positions=tuple(range(T)), k=7, targets=targets,
        entropy=True, distances=("kl", "js", "tv"),
    )  # fmt: skip
    return replace(question, **changes)


def assert_same(rows: Rows, other: Rows, atol: float = 2e-5) -> None:
    assert rows.token_id.tolist() == other.token_id.tolist()
    assert rows.rank.tolist() == other.rank.tolist()
    assert rows.target_id.tolist() == other.target_id.tolist()
    for name in ("probability", "logit", "target_logit", "target_logprob", "entropy"):
        np.testing.assert_allclose(getattr(rows, name), getattr(other, name), atol=atol, rtol=1e-5)
    assert list(rows.distances) == list(other.distances)
    for name, values in rows.distances.items():
        np.testing.assert_allclose(values, other.distances[name], atol=atol, rtol=1e-5)


@pytest.mark.parametrize("against", ["final", "input"])
def test_equals_a_plain_computation(lm, against):
    trace = lm.trace(IDS)
    question = asked(trace, against=against)
    assert_same(lm.project(trace, question), plain_rows(lm, trace, question))


def test_a_divergence_of_large_logits_is_that_of_float64():
    """Logits of 400, whose float32 products are off by 1e-4: so would the divergence be."""
    model, tokenizer = tiny("llama", tie_word_embeddings=False)
    with torch.no_grad():
        model.lm_head.weight.mul_(120)
    lm = cutaway.wrap(model, tokenizer)
    trace = lm.trace(IDS)
    noise = np.random.default_rng(0).normal(size=(5, *trace.state(3).shape))
    near = {
        n: trace.state(3) + np.float32(0.02) * noise[n].astype(np.float32) for n in range(-1, 3)
    }
    trace = replace(trace, materials={"states": {**near, 3: trace.state(3)}})
    found = lm.project(trace, asked(trace, targets=None)).distances["kl"]
    weight = model.lm_head.weight.detach().double()
    with torch.inference_mode():
        states = [torch.from_numpy(trace.state(n)) for n in range(-1, 4)]
        logits = torch.stack([lm.anatomy.tail.hidden(s).double() @ weight.T for s in states])
    said = torch.log_softmax(logits, -1).numpy()
    exact = (np.exp(said[-1]) * (said[-1] - said)).sum(-1)
    assert logits.abs().max() > 400
    np.testing.assert_allclose(found, exact, rtol=1e-6, atol=1e-5)
    assert (found[-1] == 0).all()


def test_the_last_layer_is_the_models_own_logits(lm):
    trace = lm.trace(IDS)
    question = Question((trace.n_layers - 1,), tuple(range(len(IDS))), k=lm.card.vocab_size)
    rows = lm.project(trace, question)
    with torch.inference_mode():
        own = lm.model(torch.tensor([IDS])).logits[0].numpy()
    mine = np.empty_like(own)
    np.put_along_axis(mine, rows.token_id[0], rows.logit[0], axis=-1)
    np.testing.assert_allclose(mine, own, atol=1e-5)


def test_any_layers_and_positions_in_any_order(lm):
    trace = lm.trace(IDS)
    whole = lm.project(trace, asked(trace))
    part = asked(trace, layers=(2, -1), positions=(1, 4), targets="top", against="input")
    rows = lm.project(trace, part)
    assert_same(rows, plain_rows(lm, trace, part))
    assert rows.token_id.tolist() == whole.token_id[[3, 0]][:, [1, 4]].tolist()


def test_states_inside_the_blocks_are_measured_from_the_final_layer(lm):
    trace = lm.trace(IDS)
    for targets in ("top", None):
        question = asked(trace, layers=(0, 3), inside=True, targets=targets)
        if lm.card.capabilities["inside"].proven:
            assert_same(lm.project(trace, question), plain_rows(lm, trace, question))
        else:  # attention and MLP read the same state
            with pytest.raises(MissingError, match="inside"):
                lm.project(trace, question)


def test_the_size_of_the_blocks_changes_nothing(lm, monkeypatch):
    trace = lm.trace(IDS)
    whole = lm.project(trace, asked(trace))
    monkeypatch.setattr(unembed, "BUFFER_BYTES", 3 * 5 * lm.card.vocab_size * 4)
    monkeypatch.setattr(projecting, "GROUP_BYTES", 2 * 5 * lm.card.vocab_size * 4)
    monkeypatch.setattr(unembed, "_SLICE", 4)
    assert_same(lm.project(trace, asked(trace)), whole)


def test_how_many_top_tokens_changes_nothing_else(lm):
    trace = lm.trace(IDS)
    few, many = (lm.project(trace, asked(trace, k=k)) for k in (1, 150))
    for name in ("kl", "js", "tv"):
        np.testing.assert_array_equal(few.distances[name], many.distances[name])
    assert few.token_id.tolist() == many.token_id[..., :1].tolist()


def test_only_what_is_asked_is_answered(lm):
    trace = lm.trace(IDS)
    rows = lm.project(trace, Question((0,), (2,)))
    assert rows.token_id.shape == (1, 1, 0)
    assert rows.rank.shape == (1, 1, 0)
    assert rows.distances == {}
    assert np.isnan(rows.entropy).all()


def test_half_precision_is_the_models_own():
    model, tokenizer = tiny("llama")
    lm = cutaway.wrap(model.bfloat16(), tokenizer)
    trace = lm.trace(IDS)
    question = asked(trace)
    # Equal logits abound: they share a rank, and among top tokens the lower id comes first.
    assert_same(lm.project(trace, question), plain_rows(lm, trace, question))
    with torch.inference_mode():
        own = lm.model(torch.tensor([IDS])).logits[0].float().numpy()
    np.testing.assert_array_equal(plain_logits(lm, trace, trace.n_layers - 1), own)


class Opaque:
    """A tail that is no plain product, as those that replay the model are."""

    def __init__(self, tail) -> None:
        self.hidden, self.logits, self.unembedding = tail.hidden, tail.logits, tail.unembedding

    def matrix(self):
        return None


class Masking(Opaque):
    """A tail that gives the tokens 10 to 19 one logit of its own."""

    def __init__(self, tail, logit: float) -> None:
        super().__init__(tail)

        def masked(hidden):
            logits = tail.logits(hidden)
            logits[:, 10:20] = logit
            return logits

        self.logits = masked


def test_a_tail_that_is_no_product(lm):
    trace = lm.trace(IDS)
    other = replace(lm.anatomy, tail=Opaque(lm.anatomy.tail))
    question = asked(trace)
    assert_same(project(lm.model, other, trace, question), lm.project(trace, question))


def test_tokens_that_can_not_be_said(tiny_lm):
    trace = tiny_lm.trace(IDS)
    other = replace(tiny_lm.anatomy, tail=Masking(tiny_lm.anatomy.tail, -torch.inf))
    rows = project(tiny_lm.model, other, trace, asked(trace, targets=None))
    p = np.stack([plain_logits(tiny_lm, trace, i) for i in range(-1, trace.n_layers)])
    p[..., 10:20] = -np.inf
    p = np.exp(p - p.max(-1, keepdims=True))
    p /= p.sum(-1, keepdims=True)
    said = np.delete(p, range(10, 20), axis=-1)
    np.testing.assert_allclose(rows.entropy, -(said * np.log(said)).sum(-1), atol=2e-5)
    kl = (said[-1] * (np.log(said[-1]) - np.log(said))).sum(-1)
    np.testing.assert_allclose(rows.distances["kl"], kl, atol=2e-5)


def test_logits_that_are_no_numbers_are_refused(tiny_lm):
    trace = tiny_lm.trace(IDS)
    other = replace(tiny_lm.anatomy, tail=Masking(tiny_lm.anatomy.tail, torch.nan))
    with pytest.raises(InvalidError, match="float32"):
        project(tiny_lm.model, other, trace, Question((0,), (0,), k=1))


class Largest(TorchDispatchMode):
    """The number of entries of the largest tensor that any operation gave."""

    numel = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        for tensor in result if isinstance(result, (tuple, list)) else [result]:
            if isinstance(tensor, torch.Tensor):
                self.numel = max(self.numel, tensor.numel())
        return result


def test_no_array_of_layer_position_and_vocabulary(tiny_lm, monkeypatch):
    R, V = tiny_lm.card.n_layers + 1, tiny_lm.card.vocab_size
    monkeypatch.setattr(unembed, "BUFFER_BYTES", 6 * R * V * 4)
    monkeypatch.setattr(projecting, "GROUP_BYTES", 2 * R * V * 4)
    trace = tiny_lm.trace(IDS * 8)
    with Largest() as largest:
        tiny_lm.project(trace, asked(trace, targets="top"))
    allowed = max(6 * R, tiny_lm.card.width) * V  # a block of logits, the unembedding itself
    assert largest.numel <= allowed < R * V * trace.n_positions


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device here")
def test_where_the_unembedding_is():
    model, tokenizer = tiny("llama")
    here = cutaway.wrap(model, tokenizer)
    trace = here.trace(IDS)
    rows = here.project(trace, asked(trace))
    there = cutaway.wrap(model.cuda(), tokenizer)
    assert_same(there.project(there.trace(IDS), asked(trace)), rows, atol=1e-4)

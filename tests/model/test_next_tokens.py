"""What could come next: against the model's own logits in float64, and transformers' warpers."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import torch
from transformers.generation import logits_process as warpers

import cutaway as ct
from cutaway.core.errors import InvalidError, MissingError
from cutaway.model.candidates import TEMPERATURES
from cutaway.model.lm import LM
from cutaway.trace.candidates import Candidates
from tests.models import tiny

IDS = (5, 9, 40, 77)


@pytest.fixture(scope="module", params=["llama", "gpt2", "mamba"])
def lm(request: pytest.FixtureRequest) -> LM:
    return ct.wrap(*tiny(request.param, seed=1))


def last_row(lm: LM, ids: tuple[int, ...]) -> torch.Tensor:
    with torch.no_grad():
        row: torch.Tensor = lm.model(torch.tensor([ids]), use_cache=False).logits[0, -1]
    return row.double()


def warped(row: torch.Tensor, temperature: float, top_k: int | None, top_p: float | None) -> Any:
    """transformers' own order: temperature, top-k, top-p; in float64."""
    no_ids: Any = None
    scores = warpers.TemperatureLogitsWarper(temperature)(no_ids, row[None])
    if top_k is not None:
        scores = warpers.TopKLogitsWarper(top_k)(no_ids, scores)
    if top_p is not None:
        scores = warpers.TopPLogitsWarper(top_p)(no_ids, scores)
    return scores[0].softmax(-1).numpy()


def test_probabilities_are_the_softmax_of_the_models_logits(lm: LM) -> None:
    found = lm.candidates(IDS, k=7)
    row = last_row(lm, IDS)
    share = row.softmax(-1)
    assert found.token_ids.tolist() == share.argsort(descending=True)[:7].tolist()
    np.testing.assert_allclose(found.probability(), share[found.token_ids].numpy(), rtol=2e-5)
    np.testing.assert_allclose(found.entropy, float(-(share * share.log()).sum()), rtol=1e-5)
    assert found.vocab == len(row)


@pytest.mark.parametrize("temperature", [0.1, 0.7, 1.0, 2.0, 0.33])
def test_every_temperature_is_exact_over_the_whole_vocabulary(lm: LM, temperature: float) -> None:
    found = lm.candidates(IDS, k=5, temperatures=[temperature])
    share = (last_row(lm, IDS) / temperature).softmax(-1)
    expected = share[found.token_ids].numpy()
    np.testing.assert_allclose(found.probability(temperature), expected, rtol=2e-4)


@pytest.mark.parametrize("top_k", [None, 1, 4, 30])
@pytest.mark.parametrize("top_p", [None, 0.2, 0.6, 0.95])
def test_filters_are_transformers_own(lm: LM, top_k: int | None, top_p: float | None) -> None:
    found = lm.candidates(IDS, k=199)
    for temperature in (0.5, 1.0, 1.6):
        shown = found.filtered(temperature, top_k, top_p)
        expected = warped(last_row(lm, IDS), temperature, top_k, top_p)
        np.testing.assert_allclose(shown.probability, expected[found.token_ids], atol=2e-6)
        assert shown.left in (None, np.count_nonzero(expected))


def test_what_needs_more_tokens_than_are_known_is_refused(lm: LM) -> None:
    found = lm.candidates(IDS, k=5)
    with pytest.raises(MissingError, match="more than the 5 known"):
        found.filtered(top_p=1 - 1e-6)
    with pytest.raises(MissingError, match="only 5 are known"):
        found.filtered(top_k=6)
    with pytest.raises(MissingError, match=r"temperature 0.33"):
        found.probability(0.33)
    assert found.filtered(top_k=found.vocab).left is None


def test_equal_logits_stay_together_under_top_k() -> None:
    logits = np.array([3.0, 2.0, 2.0, 1.0])
    total = np.log(np.exp(logits).sum() + np.exp(0.5))
    found = Candidates(np.arange(4), logits, np.ones(1), np.array([total]), 1.0, 5)
    shown = found.filtered(top_k=2)
    row = torch.tensor([*logits, 0.5], dtype=torch.float64)
    np.testing.assert_allclose(shown.probability, warped(row, 1.0, 2, None)[:4], rtol=1e-12)
    assert shown.left == 3


def test_continuations_are_ranked_by_the_mean_of_a_plain_loop(lm: LM) -> None:
    drawn = lm.continuations(IDS, 6, max_new_tokens=5, temperature=1.3, seed=4)
    means = []
    for one in drawn:
        ids, total = list(IDS), 0.0
        for token_id in one.token_ids:
            total += float(last_row(lm, tuple(ids)).log_softmax(-1)[token_id])
            ids.append(token_id)
        means.append(total / len(one.token_ids))
        assert 1 <= len(one.token_ids) <= 5
    np.testing.assert_allclose([one.mean for one in drawn], means, rtol=1e-4)
    assert [one.mean for one in drawn] == sorted((one.mean for one in drawn), reverse=True)


def test_a_seed_fixes_the_draws_and_the_users_random_state_stays(lm: LM) -> None:
    def draws(seed: int) -> list[tuple[int, ...]]:
        return [one.token_ids for one in lm.continuations(IDS, 4, max_new_tokens=4, seed=seed)]

    before = torch.random.get_rng_state()
    assert draws(0) == draws(0) != draws(1)
    assert torch.equal(before, torch.random.get_rng_state())


def test_top_k_one_draws_the_likeliest_each_time(lm: LM) -> None:
    drawn = lm.continuations(IDS, 3, max_new_tokens=4, top_k=1)
    greedy = lm.generate(list(IDS), max_new_tokens=4).token_ids[len(IDS) :]
    assert {one.token_ids for one in drawn} == {greedy}


def test_nothing_is_drawn_after_an_end_token(lm: LM) -> None:
    ends = lm.tokenizer.eos_token_id
    drawn = lm.continuations(IDS, 40, max_new_tokens=20, temperature=5.0)
    ended = [one.token_ids for one in drawn if ends in one.token_ids]
    assert ended
    assert all(ids.index(ends) == len(ids) - 1 for ids in ended)


def test_temperature_0_and_too_long_a_text_are_refused(lm: LM) -> None:
    with pytest.raises(InvalidError, match="above 0"):
        lm.continuations(IDS, temperature=0.0)
    with pytest.raises(InvalidError, match="token id"):
        lm.candidates([10**6])
    with pytest.raises(InvalidError, match="at least one token"):
        lm.candidates([])


def test_logits_that_are_no_numbers_are_refused() -> None:
    model, tokenizer = tiny("llama")
    lm = ct.wrap(model, tokenizer)
    with torch.no_grad():
        model.lm_head.weight[0] = float("nan")
    with pytest.raises(InvalidError, match="logits"):
        lm.candidates(IDS)


def test_the_start_token_is_the_tokenizers_or_the_models_or_refused() -> None:
    model, tokenizer = tiny("gpt2")
    tokenizer = copy.deepcopy(tokenizer)
    lm = ct.wrap(model, tokenizer)
    model.config.bos_token_id = 7
    assert lm.start_id() == 7
    tokenizer.bos_token = tokenizer.eos_token
    assert lm.start_id() == tokenizer.eos_token_id
    tokenizer.bos_token = None
    model.config.bos_token_id = None
    with pytest.raises(MissingError, match="explore a text instead"):
        lm.start_id()


def test_the_stops_of_the_slider() -> None:
    np.testing.assert_allclose(TEMPERATURES, np.arange(1, 21) / 10)

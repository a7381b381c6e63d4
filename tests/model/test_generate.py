"""Generation says what a plain loop over the model says, with only the options given."""

from __future__ import annotations

import copy
import math
from typing import Any

import pytest
import torch

import cutaway as ct
from cutaway.core.errors import InvalidError
from cutaway.model.lm import LM
from tests.models import END, tiny

PROMPT = "The keys to the"
N = 8


@pytest.fixture(scope="module")
def plain_lm() -> LM:
    """A model that says no end token within a few steps."""
    return ct.wrap(*tiny("llama", seed=1))


def logits(lm: LM, ids: list[int]) -> torch.Tensor:
    with torch.no_grad():
        row: torch.Tensor = lm.model(torch.tensor([ids]), use_cache=False).logits[0, -1]
    return row


def loop(lm: LM, n: int, choose: Any) -> list[int]:
    ids: list[int] = list(lm.trace(PROMPT).token_ids)
    for _ in range(n):
        ids.append(int(choose(logits(lm, ids))))
        if ids[-1] == lm.tokenizer.eos_token_id:
            break
    return ids


def drawn(scores: torch.Tensor) -> torch.Tensor:
    return torch.multinomial(scores.softmax(-1)[None], 1)[0, 0]


@pytest.mark.parametrize("family", ["llama", "gpt2", "mamba", "bloom"])
def test_greedy_is_the_argmax_again_and_again(family: str) -> None:
    lm = ct.wrap(*tiny(family, seed=1))
    trace = lm.generate(PROMPT, max_new_tokens=N)
    assert list(trace.token_ids) == loop(lm, N, torch.argmax)
    assert trace.n_prompt == len(lm.trace(PROMPT).token_ids)


def test_sampling_draws_from_the_whole_distribution(plain_lm: LM) -> None:
    trace = plain_lm.generate(PROMPT, max_new_tokens=N, temperature=1.5, seed=7)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        expected = loop(plain_lm, N, lambda scores: drawn(scores / 1.5))
    assert list(trace.token_ids) == expected


def test_top_k_draws_from_the_k_most_probable(plain_lm: LM) -> None:
    def choose(scores: torch.Tensor) -> torch.Tensor:
        kept = scores.topk(3).indices
        masked = torch.full_like(scores, -torch.inf)
        masked[kept] = scores[kept]
        return drawn(masked)

    trace = plain_lm.generate(PROMPT, max_new_tokens=N, temperature=1.0, top_k=3, seed=2)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(2)
        assert list(trace.token_ids) == loop(plain_lm, N, choose)
    one = plain_lm.generate(PROMPT, max_new_tokens=N, temperature=9.0, top_k=1)
    assert one.token_ids == plain_lm.generate(PROMPT, max_new_tokens=N).token_ids


def test_top_p_draws_from_the_fewest_that_reach_it(plain_lm: LM) -> None:
    tiny_share = plain_lm.generate(PROMPT, max_new_tokens=N, temperature=1.0, top_p=1e-6)
    assert tiny_share.token_ids == plain_lm.generate(PROMPT, max_new_tokens=N).token_ids


def test_a_seed_fixes_the_draw_and_another_changes_it(plain_lm: LM) -> None:
    runs = [
        plain_lm.generate(PROMPT, max_new_tokens=N, temperature=2.0, seed=seed).token_ids
        for seed in (0, 0, 1, 2)
    ]
    assert runs[0] == runs[1]
    assert len(set(runs)) > 1


def test_beams_find_a_text_at_least_as_probable(plain_lm: LM) -> None:
    def log_probability(ids: tuple[int, ...]) -> float:
        with torch.no_grad():
            rows = plain_lm.model(torch.tensor([ids])).logits[0].log_softmax(-1)
        return sum(float(rows[i, ids[i + 1]]) for i in range(start - 1, len(ids) - 1))

    greedy = plain_lm.generate(PROMPT, max_new_tokens=4)
    beams = plain_lm.generate(PROMPT, max_new_tokens=4, num_beams=4)
    start = greedy.n_prompt
    assert log_probability(beams.token_ids) >= log_probability(greedy.token_ids) - 1e-4


def test_the_models_own_sampling_defaults_do_not_count() -> None:
    model, tokenizer = tiny("llama", seed=1)
    expected = ct.wrap(model, tokenizer).generate(PROMPT, max_new_tokens=N).token_ids
    model = copy.deepcopy(model)
    model.generation_config.update(
        do_sample=True, temperature=5.0, top_k=3, repetition_penalty=9.0, no_repeat_ngram_size=1,
        suppress_tokens=[expected[-1]], max_new_tokens=1, num_beams=3,
    )  # fmt: skip
    lm = ct.wrap(model, tokenizer)
    assert lm.generate(PROMPT, max_new_tokens=N).token_ids == expected
    assert model.generation_config.repetition_penalty == 9.0


def test_an_end_token_stops_it_and_is_included() -> None:
    model, tokenizer = tiny("llama", seed=1)
    ids = ct.wrap(model, tokenizer).generate(PROMPT, max_new_tokens=N).token_ids
    third = len(ids) - N + 2
    model = copy.deepcopy(model)
    model.generation_config.eos_token_id = [ids[third]]
    first = ids.index(ids[third], len(ids) - N)
    trace = ct.wrap(model, tokenizer).generate(PROMPT, max_new_tokens=N)
    assert trace.token_ids == ids[: first + 1]
    own = tiny("llama", seed=1)[1]
    own = copy.deepcopy(own)
    own.eos_token = own.convert_ids_to_tokens(ids[third])
    stopped = ct.wrap(*(tiny("llama", seed=1)[0], own)).generate(PROMPT, max_new_tokens=N)
    assert stopped.token_ids == ids[: first + 1]
    assert stopped.tokens.special[-1]


def test_tokens_are_told_as_they_are_chosen(plain_lm: LM) -> None:
    told: list[tuple[int, str]] = []
    trace = plain_lm.generate(
        PROMPT, max_new_tokens=N, on_token=lambda token_id, text, _: told.append((token_id, text))
    )
    assert [token_id for token_id, _ in told] == list(trace.token_ids[trace.n_prompt :])
    said = "".join(text for _, text in told)
    start = trace.tokens.starts[trace.n_prompt]
    assert trace.text[start:].startswith(said)


def test_a_token_is_told_with_the_models_own_probability(plain_lm: LM) -> None:
    """Drawn at another temperature from three tokens: what is told is the plain softmax."""
    told: list[tuple[int, float]] = []
    drawing = {"max_new_tokens": N, "temperature": 3.0, "top_k": 3, "seed": 5}
    trace = plain_lm.generate(
        PROMPT, **drawing, on_token=lambda token_id, _, share: told.append((token_id, share))
    )
    assert plain_lm.generate(PROMPT, **drawing).token_ids == trace.token_ids
    ids = torch.tensor([trace.token_ids])
    with torch.inference_mode():
        shares = plain_lm.model(input_ids=ids).logits[0].double().softmax(-1)
    wanted = [shares[trace.n_prompt + i - 1, each].item() for i, (each, _) in enumerate(told)]
    assert [share for _, share in told] == pytest.approx(wanted, rel=1e-4)
    plain_lm.generate(PROMPT, continuation=" is", on_token=lambda *one: told.append((0, one[2])))
    assert math.isnan(told[-1][1])


def test_a_cut_character_is_told_when_it_is_whole(plain_lm: LM) -> None:
    told: list[str] = []
    plain_lm.generate(PROMPT, continuation="a😀b", on_token=lambda _, text, __: told.append(text))
    assert "".join(told) == "a😀b"
    assert len(told) > 3
    assert set(told[1:-2]) == {""}


def test_a_continuation_is_forced_and_marked(plain_lm: LM) -> None:
    trace = plain_lm.generate(PROMPT, continuation=" cabinet")
    assert trace.text == f"{PROMPT} cabinet"
    assert trace.n_prompt == len(plain_lm.trace(PROMPT).token_ids)
    assert trace.options == {"prompt": PROMPT, "continuation": " cabinet"}
    with pytest.raises(InvalidError, match="invalid continuation ''"):
        plain_lm.generate(PROMPT, continuation="")


def test_the_options_are_written_down(plain_lm: LM) -> None:
    trace = plain_lm.generate(PROMPT, max_new_tokens=2, temperature=0.5, top_k=4, seed=9)
    assert trace.options == {
        "prompt": PROMPT, "max_new_tokens": 2, "temperature": 0.5, "top_k": 4, "top_p": None,
        "num_beams": 1, "seed": 9,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"max_new_tokens": 0}, "invalid max_new_tokens 0"),
        ({"temperature": -1}, "invalid temperature -1"),
        ({"temperature": float("nan")}, "invalid temperature nan"),
        ({"temperature": "hot"}, "invalid temperature 'hot'"),
        ({"temperature": 1.0, "top_k": 0}, "invalid top_k 0"),
        ({"temperature": 1.0, "top_p": 0.0}, "invalid top_p 0.0"),
        ({"temperature": 1.0, "top_p": 1.1}, "invalid top_p 1.1"),
        ({"top_k": 5}, "give temperature=1.0 as well"),
        ({"top_p": 0.5}, "give temperature=1.0 as well"),
        ({"num_beams": 0}, "invalid num_beams 0"),
        ({"num_beams": 2, "temperature": 1.0}, "beams are searched, not drawn"),
        ({"num_beams": 2, "on_token": print}, "invalid on_token"),
        ({"seed": -1}, "invalid seed -1"),
    ],
)
def test_wrong_options_are_refused(plain_lm: LM, options: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidError, match=told):
        plain_lm.generate(PROMPT, **options)


def test_an_empty_prompt_is_refused(plain_lm: LM) -> None:
    with pytest.raises(InvalidError, match="at least one token"):
        plain_lm.generate("")
    assert plain_lm.generate(f"The{END}", max_new_tokens=1).n_positions > 1

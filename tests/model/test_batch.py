"""Texts in padded batches: the same states as one by one, or run one by one and said so."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np
import pytest
import torch

import cutaway as ct
from cutaway.model import batch
from cutaway.model.lm import LM
from cutaway.model.record import run
from tests.models import tiny

TEXTS = ["The keys to the cabinet are on the table.", "The", "1, 1, 2, 3, 5,", "lost"]
#: Families that go in batches, of every sort of positions, attention and mixing.
PADDED = ["llama", "gpt2", "gpt_neox", "opt", "bloom", "gemma2", "mixtral", "cohere", "mamba"]


def gap(found: ct.Trace, expected: ct.Trace) -> float:
    gaps = []
    for name, layers in expected.materials.items():
        assert found.materials[name].keys() == layers.keys()
        for layer, array in layers.items():
            difference = np.abs(found.materials[name][layer] - array).max()
            gaps.append(difference / np.abs(array).max())
    return float(max(gaps))


@pytest.mark.parametrize("family", PADDED)
def test_a_batch_gives_the_states_of_single_runs(family: str) -> None:
    lm = ct.wrap(*tiny(family))
    known = lm.card.capabilities
    keep = [name for name in ("inside", "neurons", "lens") if name == "lens" or known[name].proven]
    singles = [lm.trace(text, keep=keep) for text in TEXTS]
    together = lm.trace(TEXTS, keep=keep)
    assert not together[0].notes
    for found, expected in zip(together, singles, strict=True):
        assert found.token_ids == expected.token_ids
        assert gap(found, expected) <= 1e-5


def test_a_family_that_padding_changes_is_run_singly_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lm = ct.wrap(*tiny("llama"))

    def on_the_left(rows: Any, device: Any) -> torch.Tensor:
        return padded(rows, device).flip(1)  # a family that mixes padding into the text

    padded = batch._padded
    monkeypatch.setattr(batch, "_padded", on_the_left)
    singles = [lm.trace(text) for text in TEXTS]
    together = lm.trace(TEXTS)
    for found, expected in zip(together, singles, strict=True):
        assert gap(found, expected) == 0
        assert "run one by one, not in batches: padding changes this model's" in found.notes[-1]
    assert not lm.trace(TEXTS[0]).notes


def test_a_model_that_takes_one_text_at_a_time_says_so() -> None:
    lm = ct.wrap(*tiny("llama"))
    forward = lm.model.forward

    def single(input_ids: torch.Tensor, use_cache: bool = False) -> Any:
        (row,) = input_ids
        return forward(input_ids=row[None], use_cache=use_cache)

    lm.model.forward = single
    trace = lm.trace(TEXTS)[0]
    assert trace.notes[-1].endswith("the model takes one text at a time (ValueError)")


def test_batches_are_of_like_lengths_and_bounded() -> None:
    lengths = [2000, 8, 700, 9, 690, 7, 3000, 2]
    batches = list(batch._batches(lengths))
    assert sorted(place for one in batches for place in one) == list(range(len(lengths)))
    for one in batches:
        longest = max(lengths[place] for place in one)
        assert len(one) == 1 or len(one) * longest <= batch._TOKENS
    assert batches == [[7], [5, 1, 3], [4, 2], [0], [6]]
    singly = list(batch._batches(lengths, together=False))
    assert sorted(singly) == [[place] for place in range(len(lengths))]


@pytest.mark.slow
def test_the_embedded_model_goes_in_batches(smol: LM) -> None:
    texts = [
        "The capital of France is", "1, 1, 2, 3,", "Hello", "The keys to the cabinet are on the",
        "It was the best of times, it was the worst of times, it was the age of wisdom",
    ]  # fmt: skip
    singles = [smol.trace(text) for text in texts]
    together = smol.trace(texts)
    assert not together[0].notes
    assert max(gap(a, b) for a, b in zip(together, singles, strict=True)) <= 1e-5


@pytest.mark.slow
def test_on_random_tokens_a_batch_is_off_by_no_more_than_rounding(smol: LM) -> None:
    """Two runs differ by as much as float32 is off: by far the most at one token of one text.

    That text is among these: its single run is 2.0e-4 from float64, its padded one 1.3e-4, and the
    two are 7.1e-5 apart. In float64 padding changes nothing.
    """
    random = np.random.default_rng(19)
    texts = [random.integers(49152, size=int(n)).tolist() for n in random.integers(5, 40, size=16)]
    precise = deepcopy(smol.model).double()
    together, exact = (
        batch.record_rows([model] * len(texts), smol.anatomy, texts, ("states",), padded=True)
        for model in (smol.model, precise)
    )
    for ids, padded, truth in zip(texts, together, exact, strict=True):
        single = run(smol.model, smol.anatomy, ids, ("states",))["states"]
        alone = run(precise, smol.anatomy, ids, ("states",))["states"]
        for layer, array in alone.items():
            assert batch._gap(truth["states"][layer], array) <= 1e-7
            rounding = batch._gap(single[layer], array)
            assert batch._gap(padded["states"][layer], single[layer]) <= 1e-5 + 4 * rounding

"""The explorer of an encoder-decoder: its decoder goes on under a source, as transformers does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import cutaway as ct
from cutaway.core.errors import InvalidError, MissingError
from cutaway.render.text import text
from tests.model.seq2seq import SOURCE, TARGET, opened
from tests.models import tiny

families = pytest.mark.parametrize(
    "family",
    ["bart", *(pytest.param(name, marks=pytest.mark.slow) for name in ("t5", "fsmt", "m2m_100"))],
)


def share_after(lm: Any, source: Any, ids: Any) -> torch.Tensor:
    """(V,) of the next token, from one pass of transformers' own."""
    with torch.no_grad():
        output = lm.model(
            input_ids=torch.tensor([source]), decoder_input_ids=torch.tensor([ids]),
            use_cache=False,
        )  # fmt: skip
    share: torch.Tensor = output.logits[0, -1].double().softmax(-1)
    return share


@families
def test_what_could_come_next_is_the_whole_models_softmax(family: str) -> None:
    lm = opened(family)
    source = lm.trace(SOURCE).source_ids
    view = ct.explore(lm, SOURCE, k=6)
    begun = [2] if view.trace().n_prompt == 1 else list(view.trace().token_ids)
    for _ in range(2):
        ids = list(view.trace().token_ids)
        expected = share_after(lm, source, ids)
        data = view.data
        np.testing.assert_allclose(
            data["probability"], expected[data["token_id"].values], rtol=1e-4
        )
        assert data["probability"].values[0] == pytest.approx(float(expected.max()), rel=1e-4)
        view.pick(2)
    assert view.trace().source_ids == source
    assert list(view.trace().token_ids[: len(begun)]) == begun
    assert view.trace().options["prompt"] == SOURCE


def test_a_pick_is_told_with_its_probability_and_becomes_a_trace() -> None:
    lm = opened("bart")
    view = ct.explore(lm, SOURCE, target=TARGET)
    begun = lm.generate(SOURCE, target=TARGET, max_new_tokens=1)
    assert view.trace().token_ids == begun.token_ids[: begun.n_prompt]
    share = share_after(lm, begun.source_ids, view.trace().token_ids)
    rare = int(share.argmin())
    view.pick(token_id=rare)
    assert view.tree[0]["children"][0]["probability"] == pytest.approx(float(share[rare]), rel=1e-3)
    trace = view.trace()
    assert (trace.token_ids[-1], trace.n_prompt) == (rare, begun.n_prompt)
    picked = [trace.tokens.labels[-1]]
    assert trace.options == {"prompt": SOURCE, "target": TARGET, "picked": picked}
    assert view.data["source_position_input"].values.tolist() == list(trace.encoder.tokens.labels)


@families
def test_samples_are_drawn_under_the_source(family: str) -> None:
    lm = opened(family)
    view = ct.explore(lm, SOURCE).sample(4, max_new_tokens=3, seed=1)
    source, ids = lm.trace(SOURCE).source_ids, view.trace().token_ids
    for one in view.samples:
        done, logs = list(ids), []
        for token_id in one["token_ids"]:
            logs.append(float(share_after(lm, source, done)[token_id].log()))
            done.append(token_id)
        assert one["mean"] == pytest.approx(np.mean(logs), rel=1e-3)
    again = ct.explore(lm, SOURCE).sample(4, max_new_tokens=3, seed=1)
    assert again.samples == view.samples
    other = ct.explore(lm, "Paris is").sample(4, max_new_tokens=3, seed=1)
    assert other.samples != view.samples
    ends = set(ct.model.generate.end_ids(lm.model, lm._vocabulary))
    assert all(len(one["token_ids"]) == 3 or one["token_ids"][-1] in ends for one in view.samples)


def test_the_picture_and_the_terminal_say_what_the_source_is() -> None:
    lm = opened("bart")
    view = ct.explore(lm, SOURCE).pick(1)
    labels = lm.trace(SOURCE).encoder.tokens.labels
    assert view.spec.header["source"] == list(labels)
    assert f"source: {'|'.join(labels)}" in text(view.spec)
    answer = json.loads(view.answer({"what": "ramble", "n": 2, "seed": 3}).tobytes())
    assert answer["at"] == 0  # the start token alone is where this tree began


@pytest.mark.slow
def test_every_form_can_be_saved(tmp_path: Path) -> None:
    view = ct.explore(opened("bart"), SOURCE).pick(1)
    for suffix in ("html", "svg", "csv", "nc"):
        assert view.save(tmp_path / f"x.{suffix}").stat().st_size


def test_a_source_is_asked_for_where_it_is_read_and_nowhere_else(tiny_lm: ct.LM) -> None:
    with pytest.raises(MissingError, match="goes on under one"):
        opened("bart").candidates([2])
    with pytest.raises(InvalidError, match="this model reads none"):
        tiny_lm.candidates([5], source=[5])
    with pytest.raises(InvalidError, match="goes on with the text itself"):
        ct.explore(tiny_lm, "The keys", target="are")


def test_a_body_without_a_language_head_says_no_token() -> None:
    model, tokenizer = tiny("llama")
    with pytest.raises(MissingError, match="what comes next: this model has no language head"):
        ct.explore(ct.wrap(model.model, tokenizer), "The keys")


@pytest.mark.slow
def test_an_encoder_that_transformers_does_not_sort_says_none_either() -> None:
    with pytest.raises(MissingError, match="no language head"):
        ct.explore(opened("t5").encoder, SOURCE)


@pytest.mark.slow
def test_one_pass_gives_no_probabilities_where_later_tokens_are_read() -> None:
    view = ct.explore(opened("prophetnet"), SOURCE).pick(2)
    expected = share_after(opened("prophetnet"), view.trace().source_ids, view.trace().token_ids)
    np.testing.assert_allclose(
        view.data["probability"], expected[view.data["token_id"].values], rtol=1e-4
    )
    with pytest.raises(MissingError, match="reads tokens after the one it says"):
        view.sample(2, max_new_tokens=3)

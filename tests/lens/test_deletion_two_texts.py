"""The check of a saliency over two texts: tokens of both go, in one order."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import pytest
import torch

import cutaway as ct
from cutaway.core.errors import InvalidError, MissingError
from cutaway.model.vocabulary import Vocabulary
from cutaway.trace.trace import Trace
from tests.model.seq2seq import SOURCE, TARGET, opened


def traced(family: str = "bart") -> Trace:
    return opened(family).trace(SOURCE, target=TARGET)


@pytest.mark.parametrize("family", ["bart", pytest.param("t5", marks=pytest.mark.slow)])
@pytest.mark.parametrize("run", ["saliency", "occlusion"])
def test_a_step_is_both_texts_without_what_went_first(family: str, run: str) -> None:
    trace = traced(family)
    view = ct.saliency(trace)
    target = trace.n_positions - 1
    data = view.check(target, replacement=9).data
    shares = view.data.sel(target=target)
    scores = {
        "saliency": np.concatenate([shares["source_saliency"], shares["saliency"][:target]]),
        "occlusion": lost(trace, target),
    }[run]
    gone = np.argsort(-scores, kind="stable")
    S = len(trace.source_ids)
    for k in data["k"].values.tolist():
        out = set(gone[:k].tolist())
        source = [9 if i in out else token for i, token in enumerate(trace.source_ids)]
        text = [9 if S + i in out else token for i, token in enumerate(trace.token_ids[:target])]
        expected = probability(trace, source, text, trace.token_ids[target])
        assert float(data["probability"].sel(run=run, k=k)) == pytest.approx(expected, rel=1e-3)
    if run == "saliency":
        places = np.concatenate([data["source_place"], data["place"]])
        np.testing.assert_array_equal(places[gone], np.arange(1, S + target + 1))


def probability(trace: Trace, source: list[int], text: list[int], token_id: int) -> float:
    """Of a token after a text, under a source, by a pass of transformers' own."""
    with torch.no_grad():
        output = trace.source.model(  # type: ignore[attr-defined]
            input_ids=torch.tensor([source]), decoder_input_ids=torch.tensor([text]),
            use_cache=False,
        )  # fmt: skip
    return float(output.logits[0, -1].softmax(-1)[token_id])


def lost(trace: Trace, target: int) -> np.ndarray:
    """(S + target,) log-probability lost when each token alone is taken out."""
    source, text = list(trace.source_ids), list(trace.token_ids[:target])
    token_id = trace.token_ids[target]
    whole = np.log(probability(trace, source, text, token_id))
    alone = [[*source[:i], 9, *source[i + 1 :]] for i in range(len(source))]
    left = [probability(trace, each, text, token_id) for each in alone]
    alone = [[*text[:i], 9, *text[i + 1 :]] for i in range(len(text))]
    left += [probability(trace, source, each, token_id) for each in alone]
    return np.asarray(whole - np.log(left))


def test_what_stands_for_a_token_is_the_mask_else_unknown_else_padding(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trace = traced()
    vocabulary = trace.source._vocabulary  # type: ignore[attr-defined]
    tokenizer = deepcopy(vocabulary.tokenizer)
    monkeypatch.setattr(vocabulary, "tokenizer", tokenizer)
    assert trace.source.blank_id() == trace.source.token_id(" ")  # it has none of the three
    for token_id, name in ((7, "pad_token"), (8, "unk_token"), (9, "mask_token")):
        setattr(tokenizer, name, tokenizer.convert_ids_to_tokens(token_id))
        assert trace.source.blank_id() == token_id
    label = trace.source.pieces([9])[0].label
    about = ct.saliency(trace).check().spec.header["about"]
    assert f"tokens of the source and those said before are replaced by {label}" in about
    assert label in ct.saliency(trace, method="occlusion").data.attrs["baseline"]


def test_a_tokenizer_without_any_is_refused_with_the_way_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trace = traced()

    def none(self: object, text: str) -> int:
        raise InvalidError("token", text, allowed="a text that is one token")

    monkeypatch.setattr(Vocabulary, "token_id", none)
    with pytest.raises(MissingError, match="give one: replacement="):
        ct.saliency(trace).check()

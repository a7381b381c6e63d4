"""Two texts read as one row: each token's type reaches every pass, and is no part of the ids."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

import cutaway as ct
from cutaway.core.errors import CutawayError
from tests.models import tiny_model
from tests.same import same

A, B = "the key is lost", "where is the key"
_WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "key", "is", "lost", "where", " "]


def tokenizer(*, types: bool = True) -> PreTrainedTokenizerFast:
    """BERT's kind: [CLS] a [SEP] b [SEP] with types 0 and 1; without types RoBERTa's."""
    made = Tokenizer(models.WordLevel({w: i for i, w in enumerate(_WORDS)}, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )  # fmt: skip
    inputs = ["input_ids", *["token_type_ids"] * types, "attention_mask"]
    return PreTrainedTokenizerFast(
        tokenizer_object=made, unk_token="[UNK]", mask_token="[MASK]", cls_token="[CLS]",
        sep_token="[SEP]", pad_token="[PAD]", model_input_names=inputs,
    )  # fmt: skip


@pytest.fixture(scope="module")
def lm() -> Any:
    model = tiny_model("masked bert", attn_implementation="sdpa")
    with torch.no_grad():  # so that types matter
        model.bert.embeddings.token_type_embeddings.weight.normal_(0, 1)
    return ct.wrap(model, tokenizer())


@pytest.fixture(scope="module")
def trace(lm: Any) -> Any:
    return lm.trace(A, B, keep="all")


def own(lm: Any, trace: Any, **options: Any) -> Any:
    """transformers' own eager pass over the same ids and types."""
    ids, types = torch.tensor([trace.token_ids]), torch.tensor([trace.tokens.types])
    lm.model.set_attn_implementation("eager")
    try:
        return lm.model(ids, token_type_ids=types, **options)
    finally:
        lm.model.set_attn_implementation("sdpa")


def test_a_pair_is_read_through_the_tokenizers_template(trace: Any) -> None:
    assert trace.tokens.labels[:3] == ("[CLS]", "the", "key")
    assert trace.tokens.types == (0,) * 6 + (1,) * 5
    assert trace.tokens.segments == (-1, 0, 0, 0, 0, -1, 1, 1, 1, 1, -1)
    assert trace.options == {"prompt": A, "text_b": B}


def test_states_and_attention_are_those_of_transformers_with_the_types(lm: Any, trace: Any) -> None:
    with torch.no_grad():
        given = own(lm, trace, output_hidden_states=True, output_attentions=True)
    for layer, state in enumerate(given.hidden_states):
        np.testing.assert_allclose(trace.state(layer - 1), state[0], atol=2e-5)
    for kept in (trace, lm.trace(A, B)):  # from what was recorded, and asked of the model
        weights = ct.attention(kept).data["weight"].values
        np.testing.assert_allclose(weights, torch.cat(given.attentions), atol=1e-5)
    untyped = lm.trace(list(trace.token_ids))
    assert np.abs(untyped.state(0) - trace.state(0)).max() > 0.1  # else the test says nothing
    assert not np.allclose(
        ct.attention(untyped).data["weight"], ct.attention(lm.trace(A, B)).data["weight"]
    )
    lens = ct.logit_lens(trace, k=1).data["token_id"].isel(layer=-1, k=0)
    np.testing.assert_array_equal(lens, given.logits[0].argmax(-1))


def test_saliency_and_what_is_taken_out_are_asked_under_the_types(lm: Any, trace: Any) -> None:
    at = 7
    words = lm.model.get_input_embeddings()
    held: list[Any] = []
    hook = words.register_forward_hook(
        lambda _m, _a, out: held.append(out.detach().requires_grad_()) or held[0]
    )
    logit = own(lm, trace).logits[0, at, trace.token_ids[at]]
    hook.remove()
    (gradient,) = torch.autograd.grad(logit, held[0])
    scores = (gradient * held[0]).norm(dim=-1)[0].detach()
    shares = ct.saliency(trace, targets=at).data["saliency"][0]
    np.testing.assert_allclose(shares, scores / scores.sum(), atol=1e-5)

    data = ct.saliency(trace, targets=at, method="occlusion", quantity="logit").data
    for gone in (2, 8):  # a token of each text; its place, and so its type, stays
        ids = list(trace.token_ids)
        ids[gone] = lm.tokenizer.mask_token_id
        types = torch.tensor([trace.tokens.types])
        with torch.no_grad():
            left = lm.model(torch.tensor([ids]), token_type_ids=types).logits
        lost = logit - left[0, at, trace.token_ids[at]]
        np.testing.assert_allclose(data["score"][0, gone], lost.detach(), atol=1e-4)


def test_every_lens_that_takes_a_text_takes_a_pair(trace: Any, tmp_path: Path) -> None:
    assert ct.factors(trace, n=2).data.sizes["position"] == len(trace.tokens)
    assert ct.neurons(trace).data["segment"].values.tolist() == list(trace.tokens.segments)
    assert ct.clusters(trace, n=2).data.sizes["layer"]
    opened = ct.open(trace.save(tmp_path / "pair.trace"))
    assert same(opened, trace)


def test_a_list_of_pairs_gives_the_traces_of_each(lm: Any, trace: Any) -> None:
    together = lm.trace([(A, B), ("the key", "is lost")])
    assert together[0].tokens == trace.tokens
    np.testing.assert_array_equal(together[0].state(1), trace.state(1))
    alone = lm.trace("the key", "is lost")
    np.testing.assert_array_equal(together[1].state(1), alone.state(1))


def test_a_model_without_types_reads_a_pair_too() -> None:
    model = tiny_model("masked roberta", type_vocab_size=1)
    for names in (True, False):  # a tokenizer may give types that the model has not
        trace = ct.wrap(model, tokenizer(types=names)).trace(A, B)
        assert trace.tokens.types == ()
        assert trace.tokens.segments.count(1) == 4
    with torch.no_grad():
        given = model(torch.tensor([trace.token_ids]), output_hidden_states=True)
    np.testing.assert_allclose(trace.state(1), given.hidden_states[2][0], atol=2e-5)


@pytest.mark.parametrize(
    ("x", "text_b", "said"),
    [
        ([2, 5, 3], B, "of token ids give one list"),
        ([A, B], B, "list tuples"),
        (A, "", "at least one token"),
        (A, 5, "text_b"),
        ([{"role": "user", "content": "x"}], B, "a text, in a pair"),
    ],
)
def test_what_is_no_pair_is_refused_in_words(lm: Any, x: Any, text_b: Any, said: str) -> None:
    with pytest.raises(CutawayError, match=said):
        lm.trace(x, text_b)


def test_the_filter_of_attention_parts_the_two_texts(trace: Any) -> None:
    spec = ct.attention(trace).spec
    assert spec.header["split"] == trace.tokens.segments.index(1)
    assert spec.header["parts"] == ["A", "B"]
    assert ct.attention(trace, split=3).spec.header["split"] == 3

"""Encoder-decoders: every number of them against transformers' own, and against plain loops."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import cutaway as ct
from cutaway.core.errors import InvalidError, MissingError
from tests.model.seq2seq import SOURCE, TARGET, opened, plain_scores, whole
from tests.models import tiny
from tests.same import same

#: Kernels of transformers' interface and families that attend in a way of their own.
FAST = ("bart",)
MORE = ("t5", "marian", "mbart", "pegasus", "m2m_100", "encoder-decoder", "fsmt", "mvp", "longt5")

families = pytest.mark.parametrize(
    "family", [*FAST, *(pytest.param(name, marks=pytest.mark.slow) for name in MORE)]
)


@families
def test_the_lens_of_the_last_layer_is_the_models_logits(family: str) -> None:
    lm = opened(family)
    trace = lm.trace(SOURCE, target=TARGET)
    logits = whole(lm, trace).logits[0]
    found = ct.logit_lens(trace, k=3).data.isel(layer=-1)
    expected = logits.topk(3)
    assert np.array_equal(found["token_id"], expected.indices.numpy())
    assert np.allclose(found["logit"], expected.values.numpy(), rtol=1e-4, atol=1e-4)


@families
@pytest.mark.parametrize("target", [TARGET, "is"])
def test_attention_of_every_kind_is_the_eager_models(family: str, target: str) -> None:
    lm = opened(family)
    source = lm.trace(SOURCE).source_ids
    same_length = [2, *source[1:]]  # as many tokens as the source: its weights are square, too
    for given in (target, same_length) if target == TARGET else (target,):
        trace = lm.trace(SOURCE, target=given)
        kernel = lm.model.config._attn_implementation
        lm.model.set_attn_implementation("eager")
        output = whole(lm, trace, output_attentions=True)
        lm.model.set_attn_implementation(kernel)
        kinds = {"decoder": output.decoder_attentions, "cross": output.cross_attentions}
        for kind, expected in kinds.items():
            data = ct.attention(trace, kind=kind).data
            assert data.attrs["kind"] == kind
            found = data["weight"].values
            assert np.allclose(found, [one[0].numpy() for one in expected], atol=3e-5)
            assert np.allclose(found.sum(-1), 1, atol=1e-5)


def test_the_encoders_attention_is_the_eager_models() -> None:
    lm = opened("bart")
    trace = lm.trace(SOURCE, target=TARGET)
    encoder = lm.model.get_encoder()
    encoder.set_attn_implementation("eager")
    with torch.no_grad():
        expected = encoder(torch.tensor([trace.source_ids]), output_attentions=True).attentions
    encoder.set_attn_implementation("sdpa")
    found = ct.attention(trace, kind="encoder").data
    assert np.allclose(found["weight"], [one[0].numpy() for one in expected], atol=1e-5)
    assert found["key_input"].values.tolist() == list(trace.encoder.tokens.labels)


def test_what_is_kept_of_the_attention_to_the_source_gives_its_weights() -> None:
    trace = opened("bart").trace(SOURCE, target=TARGET, keep="attention")
    for layer, call in trace.cross_calls.items():
        heads = range(call.n_heads)
        assert call.key.shape[1] == len(trace.source_ids)
        assert not call.causal
        weights = trace.source.cross_attention(trace, layer, heads)
        assert np.allclose(call.weights(heads), weights, atol=1e-5)
    norms = ct.attention(trace, kind="cross", weighting="output_norm", aggregate="max").data
    assert norms["weight"].shape == (trace.n_layers, trace.n_positions, len(trace.source_ids))


@pytest.mark.slow
def test_two_sources_of_one_target_are_told_apart() -> None:
    lm = opened("bart")
    a, b, c = (lm.trace(text, target=TARGET) for text in (SOURCE, "Paris is", "1, 1, 2, 3"))
    weights = [t.source.cross_attention(t, 1, [0])[0] for t in (a, b, c, a)]
    own = [t.source.attention(t, 1, [0])[0] for t in (a, b, c, a)]
    assert [w.shape[1] for w in weights] == [len(t.source_ids) for t in (a, b, c, a)]
    assert np.array_equal(weights[0], weights[3])
    assert np.array_equal(own[0], own[3])
    assert not np.allclose(own[0], own[1], atol=1e-3)


def test_a_target_text_is_fed_as_in_training_with_its_last_token_kept() -> None:
    lm = opened("bart")
    labels = lm.tokenizer(text_target=TARGET)["input_ids"]
    shifted = lm.model.prepare_decoder_input_ids_from_labels(torch.tensor([labels]))[0].tolist()
    trace = lm.trace(SOURCE, target=TARGET)
    assert list(trace.token_ids) == [*shifted, labels[-1]]
    assert trace.n_prompt == len(trace.token_ids)
    assert list(trace.source_ids) == lm.tokenizer(SOURCE)["input_ids"]
    assert lm.trace(list(trace.source_ids), target=list(trace.token_ids)).token_ids == (
        trace.token_ids
    )
    assert lm.trace(SOURCE).token_ids == (2,)


@families
def test_generation_is_transformers_own(family: str) -> None:
    lm = opened(family)
    trace = lm.generate(SOURCE, max_new_tokens=6)
    ends = ct.model.generate.end_ids(lm.model, lm._vocabulary)
    own = lm.model.generate(
        torch.tensor([trace.source_ids]), max_new_tokens=6, do_sample=False, num_beams=1,
        eos_token_id=list(ends), decoder_start_token_id=2,
    )  # fmt: skip
    assert list(trace.token_ids) == own[0].tolist()
    begun = own[0].tolist()[: trace.n_prompt]
    assert trace.token_ids[: trace.n_prompt] == tuple(begun)
    assert lm.trace(list(trace.source_ids), target=list(trace.token_ids)).token_ids == (
        trace.token_ids
    )


@pytest.mark.slow
def test_beams_draws_and_streams_go_through_the_decoder() -> None:
    lm = opened("bart")
    source = torch.tensor([lm.trace(SOURCE).source_ids])
    told: list[int] = []
    trace = lm.generate(SOURCE, max_new_tokens=5, on_token=lambda token, *_: told.append(token))
    assert tuple(told) == trace.token_ids[trace.n_prompt :]
    beams = lm.generate(SOURCE, max_new_tokens=5, num_beams=3)
    own = lm.model.generate(
        source, max_new_tokens=5, num_beams=3, do_sample=False, early_stopping=False,
        eos_token_id=list(ct.model.generate.end_ids(lm.model, lm._vocabulary)),
    )  # fmt: skip
    assert list(beams.token_ids) == own[0].tolist()
    drawn = [lm.generate(SOURCE, max_new_tokens=5, temperature=2.0, seed=s) for s in (1, 1, 2)]
    assert drawn[0].token_ids == drawn[1].token_ids != drawn[2].token_ids
    begun = lm.generate(SOURCE, target=" on", max_new_tokens=3)
    assert begun.tokens.texts[1 : begun.n_prompt] == (" on",)


def test_a_saved_trace_has_both_sides_and_takes_its_model_back(tmp_path: Path) -> None:
    lm = opened("bart")
    trace = lm.trace(SOURCE, target=TARGET, keep="all")
    again = ct.open(trace.save(tmp_path / "a.trace"))
    assert same(trace, again)
    assert again.source_ids == trace.source_ids
    for kind in ("decoder", "encoder", "cross"):
        a, b = (ct.attention(t, kind=kind).data["weight"] for t in (trace, again))
        assert np.allclose(a, b, atol=1e-5)
    with pytest.raises(MissingError, match="input_x_gradient has to run it"):
        ct.saliency(again)
    attached = ct.open(tmp_path / "a.trace", model=lm)
    assert np.allclose(
        ct.saliency(attached).data["source_saliency"], ct.saliency(trace).data["source_saliency"]
    )
    assert attached.encoder.source is lm.encoder
    assert ct.neurons(attached, stream="encoder").data.sizes["position"] == len(trace.source_ids)


@pytest.mark.parametrize("keep", ["neurons", ("neurons", "attention")])
def test_the_cost_is_known_before(keep: Any) -> None:
    lm = opened("bart")
    cost = lm.cost(SOURCE, keep, target=TARGET)
    assert sum(cost.values()) == lm.trace(SOURCE, target=TARGET, keep=keep).nbytes


@pytest.mark.slow
def test_the_model_is_left_as_it_was() -> None:
    model, tokenizer = tiny("seq2seq bart", decoder_start_token_id=2)
    model.train()
    kept = model.generation_config.to_dict()
    lm = ct.wrap(model, tokenizer)
    trace = lm.generate(SOURCE, max_new_tokens=2, keep="all")
    ct.saliency(trace)
    ct.attention(trace, kind="cross").data["weight"].values  # noqa: B018
    assert all(module.training for module in model.modules())
    assert all(parameter.requires_grad for parameter in model.parameters())
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())
    assert model.generation_config.to_dict() == kept


def test_what_can_not_be_asked_is_refused_in_words() -> None:
    lm = opened("bart")
    trace = lm.trace(SOURCE, target=TARGET)
    with pytest.raises(InvalidError, match="an encoder-decoder takes a target"):
        lm.trace(SOURCE, "another text")
    with pytest.raises(InvalidError, match="a list of 2, as of sources"):
        lm.trace(["a", "b"], target=["c"])
    with pytest.raises(InvalidError, match="its start token first"):
        lm.trace(SOURCE, target=5)
    with pytest.raises(MissingError, match="no language head"):
        ct.logit_lens(trace.encoder)
    with pytest.raises(InvalidError, match="None of cross-attention"):
        ct.attention(trace, kind="cross", split=2)
    notes = lm.trace(["a", "b"], target=["c", "d"])[1].notes
    assert "every text has a source of its own" in " ".join(notes)


def test_models_of_one_text_know_no_source(tiny_lm: Any) -> None:
    trace = tiny_lm.trace("The keys")
    assert trace.encoder is None
    assert trace.source_ids == ()
    with pytest.raises(InvalidError, match="reads no second text"):
        tiny_lm.trace("The keys", target="are")
    with pytest.raises(MissingError, match="no encoder-decoder"):
        ct.attention(trace, kind="cross")
    with pytest.raises(MissingError, match="no encoder-decoder"):
        ct.neurons(trace, stream="encoder")


@pytest.mark.slow
def test_an_encoder_of_pictures_is_refused_with_the_reason() -> None:
    from transformers import (
        BertConfig,
        VisionEncoderDecoderConfig,
        VisionEncoderDecoderModel,
        ViTConfig,
    )

    sizes = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    eyes = ViTConfig(**sizes, intermediate_size=48, image_size=16, patch_size=8)
    hand = BertConfig(**sizes, intermediate_size=48, vocab_size=200)
    config = VisionEncoderDecoderConfig.from_encoder_decoder_configs(eyes, hand)
    with pytest.raises(MissingError, match="reads pixel_values, no token ids"):
        ct.wrap(VisionEncoderDecoderModel(config), tiny("llama")[1])


def test_an_encoder_that_can_not_be_proven_leaves_the_decoder_to_be_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: Any) -> None:
        raise MissingError("the list of blocks", because="none is there")

    monkeypatch.setattr("cutaway.model.encoder.discover", refuse)
    lm = ct.wrap(*tiny("seq2seq bart", decoder_start_token_id=2))
    trace = lm.trace(SOURCE, target=TARGET, keep="all")
    logits = whole(lm, trace).logits[0, -1]
    found = ct.predictions(trace, k=3).data["logit"].isel(layer=-1)
    assert np.allclose(found, logits.topk(3).values, atol=1e-4)
    assert trace.encoder.kept == ()
    assert trace.encoder.tokens.text == SOURCE
    with pytest.raises(MissingError, match="the list of blocks: none is there"):
        ct.attention(trace, kind="encoder")
    source, _ = plain_scores(lm, trace, "input_x_gradient")
    scores = ct.saliency(trace).data["source_saliency"].values
    assert np.allclose(scores / scores.sum(1, keepdims=True), source / source.sum(1)[:, None], 1e-4)


@pytest.mark.slow
def test_a_folder_is_opened_with_its_decoder(tmp_path: Path) -> None:
    model, tokenizer = tiny("seq2seq marian", decoder_start_token_id=2)
    model.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    lm = ct.load(tmp_path)
    trace = lm.trace(SOURCE, target=TARGET)
    expected = ct.wrap(model, tokenizer).trace(SOURCE, target=TARGET)
    assert np.allclose(trace.state(1), expected.state(1), atol=1e-5)


@pytest.mark.slow
def test_a_decoder_that_answers_otherwise_under_its_source_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    doubled = "cutaway.model.encoder.states_of"
    monkeypatch.setattr(doubled, lambda output: 2 * output[0].clone())
    with pytest.raises(MissingError, match=r"the decoder under its source.*something else"):
        ct.wrap(*tiny("seq2seq bart", decoder_start_token_id=2))


@pytest.mark.slow
@pytest.mark.parametrize("family", ["m2m_100", "fsmt"])
def test_what_counts_positions_by_the_ids_is_not_taken_for_the_token_embedding(family: str) -> None:
    lm = opened(family)
    assert lm.anatomy.embedding == "model.decoder.embed_tokens"
    assert lm.encoder.anatomy.embedding == "embed_tokens"

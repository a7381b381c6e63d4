"""What a model that hears is given: samples, features, an extractor; and what it refuses."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tokenizers.processors import TemplateProcessing
from transformers import WhisperForConditionalGeneration

import cutaway as ct
from cutaway.core.errors import InvalidError, MissingError
from tests.model.sounds import RATE, TARGET, model_of, opened, samples
from tests.models import tiny, tiny_tokenizer

SECONDS = 1.2


def test_features_are_read_as_samples_are() -> None:
    lm, sound = opened("whisper"), samples(SECONDS)
    made = lm.feature_extractor(sound, sampling_rate=RATE, return_tensors="pt")
    for given in (made, made["input_features"], made["input_features"].numpy()):
        trace = lm.trace(given, target=TARGET)
        assert np.array_equal(trace.state(3), lm.trace(sound, target=TARGET).state(3))
        assert trace.options["prompt"].startswith("input_features of a sound: 20 x 200")
    assert np.array_equal(lm.trace(list(map(float, sound))).state(3), lm.trace(sound).state(3))


@pytest.mark.parametrize("keep", ["neurons", ("neurons", "attention")])
def test_the_cost_is_known_before(keep: Any) -> None:
    lm, sound = opened("whisper"), samples(SECONDS)
    cost = lm.cost(sound, keep, target=TARGET)
    assert sum(cost.values()) == lm.trace(sound, target=TARGET, keep=keep).nbytes


def test_a_start_token_that_the_tokenizer_puts_itself_is_not_doubled() -> None:
    lm = opened("whisper")
    labels = lm.tokenizer(TARGET)["input_ids"]
    assert lm.trace(samples(1), target=TARGET).token_ids == (2, *labels)
    said, model = lm.tokenizer.decode([2]), lm.model
    tokenizer = deepcopy(lm.tokenizer)  # puts a start and an end, as Whisper's own does
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single="start $A end", special_tokens=[("start", 2), ("end", 0)]
    )
    whisper = ct.wrap(model, tokenizer, feature_extractor=lm.feature_extractor)
    assert tokenizer(TARGET)["input_ids"] == [2, *labels, 0]
    assert whisper.trace(samples(1), target=TARGET).token_ids == (2, *labels, 0)
    assert whisper.trace(samples(1), target=said + TARGET).token_ids == (2, *labels)


def test_what_can_not_be_heard_is_refused_in_words() -> None:
    lm, sound = opened("whisper"), samples(0.5)
    for given, rate, words in (
        (sound, 44_100, r"invalid sampling_rate 44100; allowed: 16000.*resample"),
        ("hello", None, "invalid sound 'hello'; allowed: one sound: a one-dimensional array"),
        ((32768 * sound).astype(np.int16), None, "divide whole numbers by their largest"),
        (np.stack([sound, sound]), None, "of several channels take their mean"),
        (samples(2.1), None, "2.10 s.*allowed: 2 s at most"),
        (np.array([0.1, np.nan], dtype=np.float32), None, "NaN or infinity"),
    ):
        with pytest.raises(InvalidError, match=words):
            lm.trace(given, sampling_rate=rate)
    trace = lm.trace(sound, target=TARGET)
    with pytest.raises(MissingError, match="no frame of nothing"):
        ct.saliency(trace, method="occlusion")
    with pytest.raises(MissingError, match="baseline='zero'"):
        ct.saliency(trace, method="integrated_gradients")
    with pytest.raises(MissingError, match="no frame of nothing"):
        ct.saliency(trace).check()
    with pytest.raises(MissingError, match="encoder hears sounds"):
        ct.embed(lm, ["a text"])
    with pytest.raises(MissingError, match="goes on under a sound"):
        ct.explore(lm, "The")


def test_an_argument_that_nobody_takes_is_named() -> None:
    lm, sound = opened("whisper"), samples(0.5)
    for act in (lm.trace, lm.generate, lm.encoder.trace):
        with pytest.raises(TypeError, match="max_tokens"):
            act(sound, max_tokens=2)


def test_a_model_that_hears_needs_its_extractor_and_takes_a_processor() -> None:
    from transformers import ProcessorMixin

    model, extractor = model_of("whisper")
    with pytest.raises(MissingError, match=r"the feature extractor.*processor as the tokenizer"):
        ct.wrap(model, tiny_tokenizer())

    class Processor(ProcessorMixin):
        def __init__(self, feature_extractor: Any, tokenizer: Any) -> None:
            self.feature_extractor, self.tokenizer = feature_extractor, tokenizer

    lm = ct.wrap(model, Processor(extractor, tiny_tokenizer()))  # type: ignore[arg-type]
    assert lm.trace(samples(0.5)).encoder.n_positions == 100
    with pytest.raises(InvalidError, match="this model reads texts"):
        ct.wrap(*tiny("llama"), feature_extractor=extractor)


@pytest.mark.slow
def test_the_model_is_left_as_it_was_and_a_folder_is_opened(tmp_path: Path) -> None:
    model, extractor = model_of("whisper")
    model.save_pretrained(tmp_path)
    tiny_tokenizer().save_pretrained(tmp_path)
    extractor.save_pretrained(tmp_path)
    lm = ct.load(tmp_path)
    assert isinstance(lm.model, WhisperForConditionalGeneration)
    model.train()
    kept = model.generation_config.to_dict()
    wrapped = ct.wrap(model, tiny_tokenizer(), feature_extractor=extractor)
    traces = [one.generate(samples(1), max_new_tokens=2, keep="all") for one in (lm, wrapped)]
    assert np.allclose(traces[0].state(2), traces[1].state(2), atol=1e-5)
    ct.saliency(traces[1])
    assert all(module.training for module in model.modules())
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())
    assert all(p.requires_grad for n, p in model.named_parameters() if "encoder.embed_pos" not in n)
    assert model.generation_config.to_dict() == kept

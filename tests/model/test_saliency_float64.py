"""Every method, quantity and leaf of saliency is its definition, in float64, family by family."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
import xarray as xr

import cutaway as ct
from tests.model.plain_saliency import Parts, Plain
from tests.model.sounds import enlivened, features, model_of, samples
from tests.models import tiny, tiny_tokenizer

pytestmark = pytest.mark.slow

#: Family -> the block whose state is a leaf. Scaled, normed, learned and rotary embeddings;
#: parallel, sandwiched and recurrent blocks; experts, capped logits, two texts, masks, a sound.
FAMILIES = {
    "seq2seq t5": "decoder.block.1", "seq2seq bart": "model.decoder.layers.1",
    "speech whisper": "model.decoder.layers.1", "masked bert": "bert.encoder.layer.1",
    "gemma3_text": "model.layers.1", "gemma2": "model.layers.1", "mixtral": "model.layers.1",
    "mamba": "backbone.layers.1", "olmo2": "model.layers.1", "phi3": "model.layers.1",
    "bloom": "transformer.h.1", "gpt_neox": "gpt_neox.layers.1",
}  # fmt: skip
TEXT, SOURCE = "The keys to the cabinet", "are on"
PUT, AGAINST, LAYER = 7, 11, 1
#: Of the largest size of a score: what float32 sums and answers leave of a float64 model.
CLOSE = 1e-4


@pytest.fixture(scope="module", params=FAMILIES)
def family(request: pytest.FixtureRequest) -> Iterator[tuple[str, Any, Any, Any]]:
    """Its name, the float64 model, a trace, and the sound it heard."""
    name = request.param
    if name == "speech whisper":
        model, extractor = model_of("whisper")
        enlivened(model)
        lm, sound = ct.wrap(model.double(), tiny_tokenizer(), extractor), samples(1.2)
        yield name, model, lm.trace(sound, target=SOURCE), features(lm, sound)
        return
    if not name.startswith("seq2seq"):
        model, tokenizer = tiny(name)
        if name == "mixtral":  # torch has no grouped product of float64 matrices
            model.set_experts_implementation("eager")
        yield name, model, ct.wrap(model.double(), tokenizer).trace(TEXT), None
        return
    model, tokenizer = tiny(name, decoder_start_token_id=2)
    model.generation_config.forced_eos_token_id = None
    yield name, model, ct.wrap(model.double(), tokenizer).trace(SOURCE, target=TEXT), None


def plain(family: Any, data: xr.Dataset, row: int, **asked: Any) -> Plain:
    _, model, trace, sound = family
    target, masked = int(data["target"][row]), trace.card.is_masked
    texts = [list(trace.token_ids if masked else trace.token_ids[:target])]
    if trace.encoder is not None:
        texts.insert(0, list(trace.source_ids))
    return Plain(
        model, texts, target if masked else -1, int(data["explained_id"][row]), sound=sound, **asked
    )


def assert_same(data: xr.Dataset, row: int, score: Parts, size: Parts) -> None:
    """The signed scores of every text, and the shares that their sizes have."""
    names = ["score", "saliency"]
    sides = [("source_" + names[0], "source_" + names[1]), tuple(names)][-len(score) :]
    # a norm before the blocks makes gradient and input orthogonal: their sum is all rounding
    largest, whole = max(sizes.max() for sizes in size), sum(sizes.sum() for sizes in size)
    for (signed, share), part, sizes in zip(sides, score, size, strict=True):
        n = len(part)
        close = CLOSE * largest
        np.testing.assert_allclose(data[signed].values[row, :n], part, rtol=0, atol=close)
        np.testing.assert_allclose(data[share].values[row, :n], sizes / whole, rtol=0, atol=CLOSE)
        assert np.isnan(data[signed].values[row, n:]).all()
    assert largest > 0


def ask(family: Any, quantity: str, contrast: int | None, layer: int | None, **more: Any) -> Any:
    trace = family[2]
    targets = [2, trace.n_positions - (1 if trace.card.is_masked else 0)]
    return ct.saliency(
        trace, targets=targets, quantity=quantity, contrast=contrast, at_layer=layer, **more
    ).data


@pytest.mark.parametrize(
    ("quantity", "contrast", "layer"),
    [("log_probability", None, None), ("logit", AGAINST, LAYER)],
)
def test_gradients_and_their_integrals_are_their_definition(family, quantity, contrast, layer):
    block = FAMILIES[family[0]] if layer is not None else ""
    asked = {"quantity": quantity, "contrast": contrast, "block": block}
    for method in ("input_x_gradient", "gradient_norm"):
        data = ask(family, quantity, contrast, layer, method=method)
        for row in range(2):
            it = plain(family, data, row, **asked)
            norms, sums = it.products(times_input=method == "input_x_gradient")
            assert_same(data, row, sums if method == "input_x_gradient" else norms, norms)
            value = float(it.value(it.texts))
            assert float(data["value"][row]) == pytest.approx(value, rel=CLOSE, abs=CLOSE)
    for baseline, keep_first in baselines(family, layer):
        data = ask(
            family, quantity, contrast, layer, method="integrated_gradients", steps=6,
            spacing="even", baseline=baseline, keep_first=keep_first,
        )  # fmt: skip
        for row in range(2):
            it = plain(family, data, row, **asked)
            parts, gap = it.integrated(baseline, keep_first=keep_first, steps=6)
            assert_same(data, row, parts, [abs(part) for part in parts])
            assert float(data["gap"][row]) == pytest.approx(gap, rel=1e-2, abs=CLOSE)


def baselines(family: Any, layer: int | None) -> list[tuple[str | int, bool]]:
    """A token and "mean" are no sound, and the mean is no inner state."""
    if family[3] is not None:
        return [("zero", True)]
    return [(5, True), ("zero", False), *([("mean", True)] if layer is None else [])]


@pytest.mark.parametrize("how", ["replace", "delete"])
def test_occlusion_is_its_definition(family, how):
    if family[3] is not None or (family[2].card.is_masked and how == "delete"):
        pytest.skip("a sound has no tokens to take out; without a token others move")
    put = PUT if how == "replace" else None
    taken = {"how": how} if put is None else {"replacement": put}
    data = ask(family, "probability", AGAINST, None, method="occlusion", **taken)
    for row in range(2):
        it = plain(family, data, row, quantity="probability", contrast=AGAINST)
        with torch.no_grad():
            lost = it.lost(put)
        assert_same(data, row, lost, [abs(part) for part in lost])

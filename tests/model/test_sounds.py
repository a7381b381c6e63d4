"""Models that hear: every number of them against transformers' own, and against plain loops."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import cutaway as ct
from tests.model.sounds import RATE, TARGET, features, opened, samples, whole
from tests.same import same

SECONDS = 1.2
families = pytest.mark.parametrize(
    "family", ["whisper", pytest.param("speech2text", marks=pytest.mark.slow)]
)


def traced(family: str, **options: Any) -> tuple[Any, Any, np.ndarray]:
    lm, sound = opened(family), samples(SECONDS)
    return lm, lm.trace(sound, target=TARGET, sampling_rate=RATE, **options), sound


@families
def test_the_decoders_lens_and_states_are_the_models(family: str) -> None:
    lm, trace, sound = traced(family)
    output = whole(lm, sound, trace, output_hidden_states=True)
    expected = output.logits[0].topk(3)
    found = ct.logit_lens(trace, k=3).data.isel(layer=-1)
    assert np.array_equal(found["token_id"], expected.indices)
    assert np.allclose(found["logit"], expected.values, rtol=1e-4, atol=1e-4)
    assert np.allclose(trace.state(-1), output.decoder_hidden_states[0][0], atol=1e-5)
    assert np.allclose(trace.encoder.state(0), output.encoder_hidden_states[1][0], atol=1e-4)
    race = ct.watch(trace, [" is", " are"], at=-1).data["probability"].isel(layer=-1)
    ids = [lm.token_id(" is"), lm.token_id(" are")]
    assert np.allclose(race, output.logits[0, -1].softmax(-1)[ids], atol=1e-5)


@families
def test_attention_of_every_kind_is_the_eager_models(family: str) -> None:
    lm, trace, sound = traced(family, keep="attention")
    kernel = lm.model.config._attn_implementation
    lm.model.set_attn_implementation("eager")
    output = whole(lm, sound, trace, output_attentions=True)
    lm.model.set_attn_implementation(kernel)
    kinds = {
        "decoder": output.decoder_attentions, "cross": output.cross_attentions,
        "encoder": output.encoder_attentions,
    }  # fmt: skip
    for kind, expected in kinds.items():
        data = ct.attention(trace, kind=kind).data
        assert np.allclose(data["weight"], [one[0] for one in expected], atol=3e-5)
    call = trace.cross_call(1)
    assert np.allclose(call.weights(range(4)), output.cross_attentions[1][0], atol=3e-5)
    keys = ct.attention(trace, kind="cross").data["key_input"].values.tolist()
    assert keys == list(trace.encoder.tokens.labels)


def test_frames_are_labelled_by_the_time_of_their_columns() -> None:
    """Whisper's frames are 2 columns of 10 ms; Speech2Text's convolutions halve them twice."""
    _, trace, _ = traced("whisper")
    row = trace.encoder.tokens
    assert row.labels[:3] == ("0.00 s", "0.02 s", "0.04 s")
    assert len(row) == 100
    assert set(row.ids) == {-1}
    assert [i for i, filled in enumerate(row.special) if not filled] == list(range(60))
    assert "filled up from 1.20 s to 2 s" in " ".join(trace.notes)
    assert trace.options["prompt"].startswith("sound of 1.20 s: 19,200 samples")
    assert "from 100 frames of a sound" in repr(trace)


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [0.05, 0.31, 1.0, 2.7])
def test_a_sound_has_as_many_frames_as_the_encoder_gives(seconds: float) -> None:
    lm, sound = opened("speech2text"), samples(seconds)
    trace = lm.trace(sound)
    states = lm.model.get_encoder()(features(lm, sound)).last_hidden_state
    assert trace.encoder.n_positions == states.shape[1]
    assert trace.encoder.tokens.labels[:2] == ("0.00 s", "0.04 s")[: states.shape[1]]


@families
def test_what_was_changed_in_a_sound_is_in_the_frame_of_that_time(family: str) -> None:
    """A click moves what the input stage gives around its own time, and nowhere else."""
    lm, sound = opened(family), samples(SECONDS)
    click = sound.copy()
    click[int(0.6 * RATE) : int(0.6 * RATE) + 80] += 1.0
    front = lm.encoder.model.get_submodule(lm.encoder.anatomy.embedding)
    held: list[torch.Tensor] = []
    handle = front.register_forward_hook(lambda *given: held.append(given[2].detach()))
    try:
        traces = [lm.trace(one) for one in (sound, click)]
    finally:
        handle.remove()
    rows = [lm.encoder.input_layout.rows(one)[0] for one in held[-2:]]
    if family == "speech2text":  # it subtracts the mean of the whole sound
        rows = [row - row.mean(0) for row in rows]
    moved = (rows[1] - rows[0]).norm(dim=-1).numpy()
    at = traces[0].encoder.tokens.times[int(moved.argmax())]
    assert abs(at - 0.6) <= 0.05


@families
def test_saliency_over_frames_and_tokens_is_a_plain_loops(family: str) -> None:
    lm, trace, sound = traced(family)
    front = lm.model.get_submodule("model.encoder." + lm.encoder.anatomy.embedding)
    assert front is (
        lm.model.model.encoder.conv2 if family == "whisper"
        else lm.model.model.encoder.conv.conv_layers[1]
    )  # fmt: skip
    leaves: list[torch.Tensor] = []

    def detach(_module: Any, _args: Any, output: torch.Tensor) -> torch.Tensor:
        leaves.append(output.detach().clone().requires_grad_())
        return leaves[-1].clone()

    watched = (front, lm.model.model.decoder.embed_tokens)
    handles = [module.register_forward_hook(detach) for module in watched]
    logits = lm.model(
        input_features=features(lm, sound), decoder_input_ids=torch.tensor([trace.token_ids])
    ).logits[0]
    for handle in handles:
        handle.remove()
    data = ct.saliency(trace).data
    for row, target in enumerate(data["target"].values.tolist()):
        logit = logits[target - 1, trace.token_ids[target]]
        grads = torch.autograd.grad(logit, leaves, retain_graph=True)
        frames, own = ((g * x).detach()[0] for g, x in zip(grads, leaves, strict=True))
        norms = [frames.norm(dim=0).numpy(), own.norm(dim=-1).numpy()[:target]]
        total = sum(one.sum() for one in norms)
        assert np.allclose(data["source_saliency"][row], norms[0] / total, atol=1e-6)
        assert np.allclose(data["saliency"][row, :target], norms[1] / total, atol=1e-6)
    assert "a row for each frame" in data.attrs["leaf"]


@pytest.mark.slow
def test_integrated_gradients_over_a_sound_add_up() -> None:
    _, trace, _ = traced("whisper")
    data = ct.saliency(
        trace, method="integrated_gradients", targets=[1, 4], baseline="zero", steps=200
    ).data
    assert (data["gap"] < 0.05).all()
    inner = ct.saliency(trace, targets=3, at_layer=1).data
    assert np.nansum(inner["saliency"]) + np.nansum(inner["source_saliency"]) == pytest.approx(1)


@families
def test_generation_is_what_the_model_says_greedily(family: str) -> None:
    lm, sound = opened(family), samples(SECONDS)
    told: list[int] = []
    trace = lm.generate(sound, max_new_tokens=5, on_token=lambda token, *_: told.append(token))
    ids, ends = [2], ct.model.generate.end_ids(lm.model, lm._vocabulary)
    with torch.no_grad():
        while len(ids) < 6 and ids[-1] not in ends:
            logits = lm.model(
                input_features=features(lm, sound), decoder_input_ids=torch.tensor([ids])
            ).logits
            ids.append(int(logits[0, -1].argmax()))
    assert list(trace.token_ids) == ids
    assert told == ids[1:]
    begun = lm.generate(sound, target=[2, 17, 4], max_new_tokens=2)
    assert begun.token_ids[: begun.n_prompt] == (2, 17, 4)


@pytest.mark.slow
def test_beams_are_transformers_own() -> None:
    lm, sound = opened("speech2text"), samples(SECONDS)
    found = lm.generate(sound, max_new_tokens=5, num_beams=3)
    own = lm.model.generate(
        features(lm, sound), max_new_tokens=5, num_beams=3, do_sample=False, early_stopping=False,
        eos_token_id=list(ct.model.generate.end_ids(lm.model, lm._vocabulary)),
    )  # fmt: skip
    assert list(found.token_ids) == own[0].tolist()


def test_a_saved_trace_opens_without_the_sound_and_takes_its_model_back(tmp_path: Path) -> None:
    lm, trace, _ = traced("whisper", keep="all")
    again = ct.open(trace.save(tmp_path / "a.trace"))
    assert same(trace, again)
    assert b'"version": "4"' in (tmp_path / "a.trace").read_bytes()
    for kind in ("decoder", "encoder", "cross"):
        a, b = (ct.attention(t, kind=kind).data["weight"] for t in (trace, again))
        assert np.allclose(a, b, atol=1e-5)
    attached = ct.open(tmp_path / "a.trace", model=lm)
    a, b = (ct.saliency(t).data["source_saliency"] for t in (trace, attached))
    assert np.allclose(a, b)
    plain = ct.open(lm.trace(samples(SECONDS)).save(tmp_path / "b.trace"), model=lm)
    assert np.allclose(
        ct.neurons(plain, stream="encoder").data["activation"],
        ct.neurons(trace, stream="encoder").data["activation"], atol=1e-5,
    )  # fmt: skip


def test_two_sounds_of_one_length_are_told_apart() -> None:
    lm = opened("whisper")
    a, b = lm.trace([samples(SECONDS), samples(SECONDS, seed=1)], target=[TARGET, TARGET])
    assert a.source_ids == b.source_ids
    kinds = [[ct.attention(t, kind=kind).data["weight"].values for t in (a, b, a)]
             for kind in ("cross", "decoder", "encoder")]  # fmt: skip
    for first, second, third in kinds:
        assert np.array_equal(first, third)
        assert not np.allclose(first, second, atol=1e-4)
    assert "every text has a source of its own" in " ".join(a.notes)


def test_pictures_know_frames_from_tokens() -> None:
    """Rows of frames carry their times; no two frames are the same token, whatever their ids."""
    _, trace, _ = traced("whisper")
    cross = ct.attention(trace, kind="cross").spec.header
    assert cross["keys"]["times"][:3] == pytest.approx([0, 0.02, 0.04])
    assert "times" not in cross
    own = ct.attention(trace, kind="encoder").figures
    assert own["duplicate"].isnull().all()
    assert own["induction"].isnull().all()
    spec = ct.attention(trace, kind="cross").alignment().spec
    assert len(spec.header["times"]) == trace.encoder.n_positions
    assert spec.header["heading"] == "Which frame of the sound belongs to which token"
    assert "times" not in ct.logit_lens(trace).spec.header

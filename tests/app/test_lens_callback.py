"""A training with the callback is the training without it, and its run has every evaluation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

import cutaway as ct
from cutaway.core.errors import InvalidError, MissingError
from tests.app.trackers import Experiment
from tests.models import tiny_model, tiny_tokenizer

pytestmark = pytest.mark.slow

STEPS, EVERY = 6, 2
LENSES = {"logit_lens": ct.logit_lens, "saliency": ct.saliency, "attention": ct.attention}


def trained(folder: Path, callbacks: list[Any], **given: Any) -> tuple[Any, list[bool]]:
    """A tiny GPT-2 after a few steps with dropout, and whether it was in train mode at each."""
    from transformers import Trainer, TrainingArguments, default_data_collator

    model = tiny_model("gpt2")
    assert any(isinstance(part, torch.nn.Dropout) and part.p > 0 for part in model.modules())
    modes: list[bool] = []
    model.register_forward_pre_hook(lambda module, _: modes.append(module.training))
    ids = torch.randint(0, 150, (32, 9), generator=torch.Generator().manual_seed(0))
    rows = [{"input_ids": row, "labels": row} for row in ids]
    arguments = TrainingArguments(
        output_dir=str(folder), max_steps=STEPS, per_device_train_batch_size=4, learning_rate=1e-2,
        eval_strategy="steps", eval_steps=EVERY, eval_on_start=True, save_strategy="no",
        report_to=[], disable_tqdm=True, use_cpu=True, seed=0,
    )  # fmt: skip
    Trainer(
        model, arguments, train_dataset=rows, eval_dataset=rows[:4], callbacks=callbacks,
        data_collator=default_data_collator, **given,
    ).train()  # fmt: skip
    return model, modes


def test_the_weights_are_those_of_a_training_without_it(tmp_path: Path) -> None:
    experiment = Experiment()
    watching = ct.LensCallback(
        experiment, {"keys": "The keys", "sum": "1, 1, 2"}, lenses=LENSES,
        tokenizer=tiny_tokenizer(),
    )  # fmt: skip
    plain, _ = trained(tmp_path, [])
    watched, modes = trained(tmp_path, [watching])
    for name, weight in plain.state_dict().items():
        assert torch.equal(weight, watched.state_dict()[name]), name
    assert sum(modes) == STEPS  # nothing was looked at in train mode, and no step was in eval mode
    pages = {name for name in experiment.assets if name.endswith(".html")}
    assert pages == {
        f"cutaway/{prompt}-{lens}/step-{step:06d}.html"
        for prompt in ("keys", "sum")
        for lens in LENSES
        for step in range(0, STEPS + 1, EVERY)
    }
    charted = [
        (step, numbers["keys-logit_lens/mean_entropy"])
        for numbers, step in experiment.metrics
        if "keys-logit_lens/mean_entropy" in numbers
    ]
    assert [step for step, _ in charted] == list(range(0, STEPS + 1, EVERY))
    final = ct.wrap(watched, tiny_tokenizer()).trace("The keys")
    entropy = float(ct.logit_lens(final).data["entropy"][-1].mean())
    assert charted[-1][1] == pytest.approx(entropy, abs=1e-5)
    assert charted[0][1] != pytest.approx(entropy, abs=1e-3)  # the lens did change


def test_what_can_t_be_logged_is_said_before_the_training(tmp_path: Path) -> None:
    with pytest.raises(InvalidError, match="run"):
        ct.LensCallback("mlflow", {"keys": "The keys"})
    with pytest.raises(InvalidError, match="prompts"):
        ct.LensCallback(Experiment(), ["The keys"])  # type: ignore[arg-type]
    with pytest.raises(InvalidError, match="name"):
        ct.LensCallback(Experiment(), {"the keys": "The keys"})
    with pytest.raises(MissingError, match="tokenizer"):
        trained(tmp_path, [ct.LensCallback(Experiment(), {"keys": "The keys"})])
    long = ct.LensCallback(Experiment(), {"long": "key " * 3000}, tokenizer=tiny_tokenizer())
    with pytest.raises(InvalidError):
        trained(tmp_path, [long])


def test_a_sharded_training_is_refused(tmp_path: Path) -> None:
    from types import SimpleNamespace

    watching = ct.LensCallback(Experiment(), {"keys": "The keys"}, tokenizer=tiny_tokenizer())
    arguments: Any = SimpleNamespace(fsdp="full_shard", deepspeed=None)
    state: Any = SimpleNamespace(is_world_process_zero=True)
    with pytest.raises(InvalidError, match="fsdp"):
        watching.on_train_begin(arguments, state, None)  # type: ignore[arg-type]


def test_other_processes_log_nothing() -> None:
    from types import SimpleNamespace

    experiment = Experiment()
    watching = ct.LensCallback(experiment, {"keys": "The keys"})
    state: Any = SimpleNamespace(is_world_process_zero=False)
    watching.on_evaluate(None, state, None, model=None)  # type: ignore[arg-type]
    assert not experiment.assets

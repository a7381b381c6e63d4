"""A model may be trained, or its adapters switched, while its traces are held.

Nothing that was kept of a text is told of the model as it is afterwards, and what a trace did not
keep is refused where the weights are no longer those that made it.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np
import pytest
import torch

import cutaway as ct
from cutaway.core.errors import InvalidError
from tests.models import tiny_model, tiny_tokenizer

TEXT = [17, 4, 33, 8, 61, 90, 12]
SOURCE = [40, 7, 99, 21, 3]
ASKED: dict[str, Callable[[ct.Trace], Any]] = {
    "lens": ct.logit_lens,
    "attention": ct.attention,
    "saliency": ct.saliency,
    "occlusion": lambda trace: ct.saliency(trace, method="occlusion", replacement=3),
    "neurons": ct.neurons,
    "walk": ct.walk,
}


def trained(model: Any) -> None:
    """One step of an optimiser on the text."""
    ids = torch.tensor([TEXT])
    reads = {"input_ids": ids}
    if model.config.is_encoder_decoder:
        reads = {"input_ids": torch.tensor([SOURCE]), "decoder_input_ids": ids}
    optimiser = torch.optim.AdamW(model.parameters(), lr=0.05)
    with torch.enable_grad():
        model(**reads).logits.log_softmax(-1)[..., 5].sum().backward()
    optimiser.step()
    optimiser.zero_grad()


def numbers(view: Any) -> dict[str, np.ndarray]:
    return {
        str(name): array.values for name, array in view.data.data_vars.items()
        if array.dtype.kind in "fiu"
    }  # fmt: skip


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(ask, id=name, marks=[] if name in ("lens", "attention") else pytest.mark.slow)
        for name, ask in ASKED.items()
    ],
)
def test_what_was_kept_of_a_text_is_not_told_of_a_trained_model(ask: Callable[..., Any]) -> None:
    model = deepcopy(tiny_model("llama"))
    lm = ct.wrap(model, tiny_tokenizer())
    before = lm.trace(TEXT)
    first = numbers(ask(before))
    trained(model)
    found = numbers(ask(lm.trace(TEXT)))
    anew = numbers(ask(ct.wrap(deepcopy(model), tiny_tokenizer()).trace(TEXT)))
    for name, values in anew.items():
        np.testing.assert_array_equal(found[name], values)
    assert any(not np.array_equal(first[name], anew[name], equal_nan=True) for name in anew)
    with pytest.raises(InvalidError, match="trace the text again"):
        numbers(ask(before))


@pytest.mark.slow
def test_a_decoder_does_not_go_on_under_what_an_untrained_encoder_read() -> None:
    model = deepcopy(tiny_model("seq2seq t5"))
    lm = ct.wrap(model, tiny_tokenizer())
    before = lm.trace(SOURCE, target=TEXT)
    asked: tuple[Callable[[ct.LM], Any], ...] = (
        lambda lm: ct.attention(lm.trace(SOURCE, target=TEXT), kind="cross"),
        lambda lm: ct.attention(lm.trace(SOURCE, target=TEXT), kind="encoder"),
        lambda lm: ct.explore(lm, SOURCE, target=[0]),
    )
    for ask in asked:
        numbers(ask(lm))
    trained(model)
    anew = ct.wrap(deepcopy(model), tiny_tokenizer())
    for ask in reversed(asked):  # the explorer first: nothing is traced before it
        for name, values in numbers(ask(anew)).items():
            np.testing.assert_array_equal(numbers(ask(lm))[name], values)
    with pytest.raises(InvalidError, match="trace the text again"):
        ct.attention(before, kind="cross").data["weight"].values.sum()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")
def test_adapters_that_are_switched_are_seen_in_every_answer() -> None:
    """The states that were kept go on through the tail, which has no adapter; nothing else does."""
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(r=4, init_lora_weights=False, target_modules=["q_proj", "down_proj"])
    model = get_peft_model(deepcopy(tiny_model("llama")), config).eval()
    plain = ct.wrap(tiny_model("llama"), tiny_tokenizer()).trace(TEXT)
    lm = ct.wrap(model, tiny_tokenizer())
    adapted = lm.trace(TEXT)
    first = {name: numbers(ask(adapted)) for name, ask in ASKED.items()}
    with model.disable_adapter():
        off = lm.trace(TEXT)
        for ask in (ct.attention, ct.neurons, ct.logit_lens):
            for name, values in numbers(ask(plain)).items():
                np.testing.assert_array_equal(numbers(ask(off))[name], values)
        with pytest.raises(InvalidError, match="adapters switched"):
            numbers(ct.attention(adapted))
    for name, ask in ASKED.items():
        for variable, values in numbers(ask(adapted)).items():
            np.testing.assert_array_equal(values, first[name][variable])
    assert numbers(ct.logit_lens(off))["logit"].tolist() == (
        numbers(ct.logit_lens(plain))["logit"].tolist()
    )
    with pytest.raises(InvalidError, match="adapters switched"):
        numbers(ct.attention(off))


def test_what_a_hook_did_is_not_told_of_the_model_without_it() -> None:
    """One text is traced, then again while a hook halves a block's attention; then it goes."""
    model = deepcopy(tiny_model("llama"))
    lm = ct.wrap(model, tiny_tokenizer())
    plain = lm.trace(TEXT)
    first = numbers(ct.attention(plain))["weight"]
    hook = model.model.layers[1].self_attn.register_forward_hook(
        lambda _module, _given, output: (output[0] / 2, *output[1:])
    )
    halved = lm.trace(TEXT, keep="neurons")
    second = numbers(ct.attention(halved))["weight"]
    hooked = ct.wrap(model, tiny_tokenizer()).trace(TEXT)
    np.testing.assert_array_equal(second, numbers(ct.attention(hooked))["weight"])
    np.testing.assert_array_equal(first[:2], second[:2])  # blocks 0 and 1 took the same
    assert np.abs(first[2:] - second[2:]).max() > 1e-3
    hook.remove()
    np.testing.assert_array_equal(numbers(ct.attention(plain))["weight"], first)
    with pytest.raises(InvalidError, match="hooks were put on it or taken off"):
        numbers(ct.attention(halved))
    assert not np.array_equal(*(numbers(ct.neurons(one))["activation"] for one in (plain, halved)))


def test_a_write_that_torch_does_not_count_is_seen() -> None:
    """Through `weight.data`: of all of a block's weight, and of one row of the unembedding."""
    model = deepcopy(tiny_model("llama"))
    lm = ct.wrap(model, tiny_tokenizer())
    before = lm.trace(TEXT)
    first = numbers(ct.logit_lens(before))["logit"]
    down = model.model.layers[2].mlp.down_proj.weight
    counted = down._version
    down.data.mul_(1.01)
    assert down._version == counted
    np.testing.assert_array_equal(numbers(ct.logit_lens(before))["logit"], first)  # same tail
    with pytest.raises(InvalidError, match="weights were changed"):
        numbers(ct.saliency(before))
    anew = lm.trace(TEXT)
    numbers(ct.saliency(anew, targets=3))
    model.lm_head.weight.data[TEXT[0]] = 0
    for ask in (ct.logit_lens, ct.saliency):
        with pytest.raises(InvalidError, match="weights were changed"):
            numbers(ask(anew))


class Adapted(torch.nn.Module):
    """What an adapter is: a module in the place of another, which it holds."""

    def __init__(self, base: torch.nn.Module) -> None:
        super().__init__()
        self.base = base

    def forward(self, given: torch.Tensor) -> torch.Tensor:
        return 2 * self.base(given)


@pytest.mark.parametrize("path", ["lm_head", "model.layers.1.mlp.down_proj"])
def test_a_module_that_takes_the_place_of_another_is_seen(path: str) -> None:
    """Its weights are still among the model's, and were not written."""
    model = deepcopy(tiny_model("llama"))
    lm = ct.wrap(model, tiny_tokenizer())
    before = lm.trace(TEXT)
    parent, _, name = path.rpartition(".")
    base = model.get_submodule(path)
    setattr(model.get_submodule(parent), name, Adapted(base))
    for ask in (lambda: lm.trace(TEXT), lambda: numbers(ct.logit_lens(before))):
        with pytest.raises(InvalidError, match=f"its {path} was replaced"):
            ask()
    setattr(model.get_submodule(parent), name, base)
    lm.trace(TEXT)
    numbers(ct.logit_lens(before))

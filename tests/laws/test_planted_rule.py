"""A model with a planted rule: it says the token three back. The explanations must point there."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import cutaway
from cutaway.lens.deletion import order
from cutaway.lens.saliency import saliency
from cutaway.lens.saliency_methods import METHODS
from tests.models import tiny_tokenizer

BACK = 3
LENGTH = 9
#: Ids used by the texts; 0 is in the training texts too, and takes the place of what is masked.
FIRST, LAST = 1, 24
PROMPTS = 60
MUST = ("input_x_gradient", "occlusion")
OPTIONS = {
    "integrated_gradients": {"steps": 24},
    "occlusion": {"replacement": 0},
    "shapley_value_sampling": {"replacement": 0, "samples": 4},
    "kernel_shap": {"replacement": 0, "samples": 40},
    "lime": {"replacement": 0, "samples": 40},
}


@pytest.fixture(scope="module")
def copier():
    """A GPT-2 of two small blocks, trained to say the token BACK before the next."""
    from transformers import GPT2Config, GPT2LMHeadModel

    config = GPT2Config(
        vocab_size=len(tiny_tokenizer()), n_positions=32, n_embd=48, n_layer=2, n_head=4,
        attn_pdrop=0.0, embd_pdrop=0.0, resid_pdrop=0.0, bos_token_id=0, eos_token_id=0,
    )  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = GPT2LMHeadModel(config)
        optimiser = torch.optim.Adam(model.parameters(), lr=3e-3)
        for _ in range(400):
            texts = torch.randint(0, LAST, (64, LENGTH))
            logits = model(texts).logits[:, BACK - 1 :]
            said = texts[:, : LENGTH - BACK + 1]
            loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), said.flatten())
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return cutaway.wrap(model.eval(), tiny_tokenizer())


def hits(scores: np.ndarray) -> bool:
    """Whether the planted source is alone at the top: ties are ranked against the scorer."""
    planted = LENGTH - BACK
    against = (np.arange(LENGTH) == planted).astype(float)
    return int(order(scores, against)[0]) == planted


@pytest.mark.slow
def test_the_planted_token_is_found(copier):
    draws = np.random.default_rng(0)
    found = {name: [] for name in (*METHODS, "random", "constant")}
    for _ in range(PROMPTS):
        text = draws.permutation(np.arange(FIRST, LAST))[:LENGTH].tolist()
        trace = copier.trace(text)
        for name in METHODS:
            answer = saliency(trace, method=name, targets=LENGTH, **OPTIONS.get(name, {}))
            assert int(answer["explained_id"][0]) == text[-BACK]
            found[name].append(hits(answer["saliency"].values[0]))
        found["random"].append(hits(draws.random(LENGTH)))
        found["constant"].append(hits(np.ones(LENGTH)))
    rates = {name: float(np.mean(each)) for name, each in found.items()}
    for name, rate in rates.items():
        print(f"{name:24} {rate:6.1%}")
    assert all(rates[name] > 0.9 for name in MUST), rates
    assert rates["random"] < 0.5
    assert rates["constant"] == 0

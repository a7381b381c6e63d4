"""Attention: what the survey of families does not ask: variants, ALiBi, groups, the real model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from cutaway.model.attend import Attention
from cutaway.model.discover import discover
from tests.models import kind_of, tiny_model

from .check_attention import eager
from .expected import HIDDEN, HYBRIDS, KINDS, NO_ATTENTION, QUICK
from .outcome import Outcome
from .survey import IDS, PROBE
from .table import PATH, marks_in

if TYPE_CHECKING:
    from cutaway.model.lm import LM

Surveyed = Callable[[str], Outcome]
ARCHITECTURE = Path(__file__).parents[2] / "ARCHITECTURE.md"
#: Variants of one family that take another way through its code.
VARIANTS: Mapping[str, Mapping[str, Any]] = {
    "falcon with grouped heads": {"new_decoder_architecture": True, "num_kv_heads": 2},
    "gpt_bigcode with one key for each head": {"multi_query": False},
}


def marked(names: Any) -> list[object]:
    slow = pytest.mark.slow
    return [name if name in QUICK else pytest.param(name, marks=slow) for name in names]


@cache
def looked(family: str, **overrides: Any) -> tuple[Any, Any, dict[int, np.ndarray]]:
    """A tiny model, its anatomy, and the weights of every head by layer."""
    model = tiny_model(family, **overrides)
    anatomy = discover(model, PROBE)
    assert anatomy.capabilities["attention"].proven, anatomy.capabilities["attention"].why
    text = Attention(model, anatomy, IDS)
    heads = anatomy.heads.items()
    return model, anatomy, {n: text.weights(n, range(count)) for n, (count, _) in heads}


@pytest.mark.slow
@pytest.mark.parametrize("variant", VARIANTS)
def test_variants_of_a_family_too(variant: str) -> None:
    family, overrides = variant.split()[0], VARIANTS[variant]
    model, _, found = looked(family, **overrides)
    for weights, other in zip(found.values(), eager(model, family, **overrides), strict=True):
        np.testing.assert_allclose(weights, other, atol=1e-4, rtol=0)


@pytest.mark.slow
def test_falcon_with_alibi_shows_what_its_kernel_did(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its eager attention adds the position bias twice (transformers 5.23): it is no reference."""
    model, _, found = looked("falcon", alibi=True)
    spied = []
    kernel = torch.nn.functional.scaled_dot_product_attention

    def spy(query: Any, key: Any, value: Any, attn_mask: Any, **options: Any) -> torch.Tensor:
        scores = query.double() @ key.double().mT / query.shape[-1] ** 0.5 + attn_mask.double()
        spied.append(scores.softmax(-1)[0].numpy())
        return kernel(query, key, value, attn_mask=attn_mask, **options)

    monkeypatch.setattr(torch.nn.functional, "scaled_dot_product_attention", spy)
    with torch.inference_mode():
        model(torch.tensor([list(IDS)]), use_cache=False)
    assert len(spied) == len(found) == 4
    for weights, other in zip(found.values(), spied, strict=True):
        np.testing.assert_allclose(weights, other, atol=1e-6)
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(found[1], eager(model, "falcon", alibi=True)[1], atol=1e-3)


@pytest.mark.slow
def test_groups_are_those_of_the_configuration() -> None:
    groups = {
        "falcon": 1, "falcon with grouped heads": 2, "llama": 2,
        "gpt2": 4, "bloom": 4, "diffllama": 2,
    }  # fmt: skip
    for name, count in groups.items():
        _, anatomy, _ = looked(name.split()[0], **VARIANTS.get(name, {}))
        assert dict(anatomy.heads) == dict.fromkeys(range(4), (4, count)), name


@pytest.mark.parametrize("family", marked(HYBRIDS))
def test_a_hybrid_shows_its_attention_layers_and_names_the_others(
    family: str, surveyed: Surveyed
) -> None:
    outcome = surveyed(family)
    assert outcome.layers == HYBRIDS[family]
    others = [n for n in range(max(outcome.layers) + 1) if n not in outcome.layers]
    words = f"layers without attention: {', '.join(map(str, others))}"
    assert (words in outcome.why) == bool(others)


@pytest.mark.parametrize("family", marked(NO_ATTENTION))
def test_a_model_without_attention_says_so(family: str, surveyed: Surveyed) -> None:
    if f"`{family}`" not in PATH.read_text(encoding="utf-8"):
        family = f"masked {family}"
    outcome = surveyed(family)
    assert outcome.layers == ()
    assert "no attention is seen" in outcome.why


@pytest.mark.slow
@pytest.mark.parametrize("family", HIDDEN)
def test_weights_on_what_are_no_tokens_are_refused(family: str, surveyed: Surveyed) -> None:
    assert surveyed(family).layers == ()
    assert HIDDEN[family] in surveyed(family).why


def test_every_kind_of_attention_is_among_the_families() -> None:
    cells = marks_in(PATH.read_text(encoding="utf-8"))
    shown = {kind_of(name)[1] for name, marks in cells.items() if marks[2] == "yes"}
    for families in KINDS.values():
        assert set(families) <= shown


@pytest.mark.slow
def test_smollm_at_512_tokens(smol: LM) -> None:
    """Every head of the real model, against a model built eagerly on the same weights.

    On text: measured 3.5e-6. On random tokens 3.3e-5, where each lies 2e-5 from float64.
    """
    from transformers import AutoModelForCausalLM

    ids = smol.tokenizer(ARCHITECTURE.read_text(encoding="utf-8"))["input_ids"][:512]
    assert len(ids) == 512
    config = deepcopy(smol.model.config)
    other = AutoModelForCausalLM.from_config(config, attn_implementation="eager").eval()
    other.load_state_dict(smol.model.state_dict())
    with torch.inference_mode():
        given = other(torch.tensor([ids]), use_cache=False, output_attentions=True).attentions
    text = Attention(smol.model, smol.anatomy, ids)
    gaps = [
        np.abs(text.weights(layer, range(n_heads)) - given[layer][0].numpy()).max()
        for layer, (n_heads, _) in smol.anatomy.heads.items()
    ]
    assert len(gaps) == len(given) == 30
    assert max(gaps) < 2e-5, f"largest gap {max(gaps):.1e}, in layer {np.argmax(gaps)}"

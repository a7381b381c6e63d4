"""Blocks that are not one module called once, on the text's rows alone: the laws hold of them too.

Shared blocks (ALBERT), blocks whose parts are called one by one (XLM, SqueezeBERT), and blocks
that read other rows with the text's (CPM-Ant's prefix, Longformer's padding, ProphetNet's streams).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from functools import cache
from itertools import count
from typing import Any

import numpy as np
import pytest
import torch

import cutaway as ct
from cutaway.model.attend import Attention
from cutaway.model.attribution_model import AttributionModel, frozen
from cutaway.model.discover import discover
from cutaway.model.parameters import count_parameters
from cutaway.model.proof import bypassed
from cutaway.model.record import run
from cutaway.model.structure import Anatomy, Block
from tests.conformance.rows import text_rows
from tests.models import tiny, tiny_model

IDS = (17, 4, 120, 33, 8, 61, 90, 12, 5)
PROBE = tuple(range(3, 15))
FAMILIES = (
    "masked albert", "xlm", "masked xlm", "masked flaubert", "masked squeezebert",
    "masked longformer", "cpmant", "prophetnet",
)  # fmt: skip
QUICK = ("masked albert", "masked xlm", "cpmant")
#: Families whose attention transformers answers as weights of the text's tokens.
ATTENDING = [name for name in FAMILIES if name != "masked longformer"]


def marked(names: Sequence[str]) -> list[object]:
    slow = pytest.mark.slow
    return [name if name in QUICK else pytest.param(name, marks=slow) for name in names]


@cache
def found(family: str) -> tuple[Any, Anatomy]:
    model = tiny_model(family)
    return model, discover(model, PROBE)


@contextmanager
def off(model: Any, blocks: Sequence[Block]) -> Iterator[None]:
    """The model with blocks that hand on what they take; by plain hooks, counted."""

    def bypass(block: Block, stack: ExitStack) -> None:
        taken, entered, left = [], count(), count()

        def enter(_: Any, args: Any, kwargs: Any) -> None:
            if next(entered) == block.turn:
                taken.append(args[0] if args else kwargs["hidden_states"])

        def leave(_: Any, _args: Any, output: Any) -> Any:
            if next(left) != block.turn:
                return None
            return (taken[0], *output[1:]) if isinstance(output, tuple) else taken[0]

        first, last = (model.get_submodule(block.roots[n]) for n in (0, -1))
        stack.callback(first.register_forward_pre_hook(enter, with_kwargs=True).remove)
        stack.callback(last.register_forward_hook(leave).remove)

    with ExitStack() as stack, torch.inference_mode():
        for block in blocks:
            bypass(block, stack)
        yield


def said(model: Any, ids: Sequence[int] = IDS) -> torch.Tensor:
    output = model(input_ids=torch.tensor([list(ids)]), use_cache=False)
    return (output.logits if hasattr(output, "logits") else output[0])[0]


@pytest.mark.parametrize("family", marked(FAMILIES))
def test_the_lens_is_the_model_in_float64_with_its_upper_blocks_off(family: str) -> None:
    check_lens(*found(family), IDS)


def check_lens(model: Any, anatomy: Anatomy, ids: Sequence[int]) -> None:
    exact = deepcopy(model).double()
    states = run(model, anatomy, ids, ("states",))["states"]
    assert sorted(states) == list(range(-1, len(anatomy.blocks)))
    for layer, rows in states.items():
        assert rows.shape == (len(ids), anatomy.width)
        with off(exact, anatomy.blocks[layer + 1 :]):
            expected = said(exact, ids)
        with torch.inference_mode():
            logits = anatomy.tail.logits(anatomy.tail.hidden(torch.from_numpy(rows)))
        assert (logits - expected).abs().max() <= 2e-5 * expected.abs().max()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("family", "options", "turns"),
    [
        ("masked albert", {"num_hidden_groups": 2}, [0, 1, 0, 1]),
        ("masked albert", {"inner_group_num": 2}, [0, 1, 2, 3]),
        ("masked longformer", {}, [0] * 4),
    ],
)
def test_other_ways_to_build_them_are_exact_too(family: str, options: Any, turns: Any) -> None:
    """Two shared blocks, two layers in a block; texts as long as a window, and longer."""
    model = tiny_model(family, **options)
    anatomy = discover(model, PROBE)
    assert [block.turn for block in anatomy.blocks] == turns
    for n in (16, 20):
        check_lens(model, anatomy, tuple(range(3, 3 + n)))


@pytest.mark.parametrize("family", marked(FAMILIES))
def test_one_block_is_bypassed_and_no_other(family: str) -> None:
    model, anatomy = found(family)
    for layer in (1, 3):
        with torch.inference_mode(), bypassed(model, anatomy, [layer]):
            logits = said(model)
        with off(model, [anatomy.blocks[layer]]):
            assert torch.equal(logits, said(model))
    with torch.inference_mode():
        assert not torch.equal(logits, said(model))


@pytest.mark.parametrize("family", marked(FAMILIES))
def test_neurons_put_through_the_down_projection_are_what_it_gave(family: str) -> None:
    """Its own input, call by call, by a plain hook: rows of the text, streams side by side."""
    model, anatomy = found(family)
    assert anatomy.capabilities["neurons"].proven
    neurons = run(model, anatomy, IDS, ("neurons",))["neurons"]
    assert sorted(neurons) == [0, 1, 2, 3]
    for layer, block in enumerate(anatomy.blocks):
        taken: list[torch.Tensor] = []
        down = model.get_submodule(block.down)
        handle = down.register_forward_pre_hook(lambda _, args, taken=taken: taken.append(args[0]))
        with torch.inference_mode():
            said(model)
        handle.remove()
        expected = text_rows(family, taken[block.turn], len(IDS))
        np.testing.assert_array_equal(neurons[layer], expected.numpy())


@pytest.mark.parametrize("family", marked(ATTENDING))
def test_attention_is_the_eager_models(family: str) -> None:
    model, anatomy = found(family)
    assert anatomy.capabilities["attention"].proven, anatomy.capabilities["attention"].why
    other = tiny_model(family, seed=1, attn_implementation="eager")
    other.load_state_dict(model.state_dict())
    with torch.inference_mode():
        given = other(torch.tensor([list(IDS)]), output_attentions=True, use_cache=False).attentions
    if family == "masked squeezebert":  # answers its scores as they are before the softmax
        given = [scores.softmax(-1) for scores in given]
    text = Attention(model, anatomy, IDS)
    assert len(given) == len(anatomy.heads) == 4
    for layer, expected in enumerate(given):
        weights = text.weights(layer, range(anatomy.heads[layer][0]))
        np.testing.assert_allclose(weights, expected[0].numpy(), atol=1e-5)


def test_what_attention_gives_to_a_prefix_is_said() -> None:
    _, anatomy = found("cpmant")
    assert "goes to the 32 rows" in anatomy.capabilities["attention"].why


@pytest.mark.slow
def test_attention_over_windows_of_padded_rows_is_refused_with_the_cause() -> None:
    _, anatomy = found("masked longformer")
    assert not anatomy.capabilities["attention"].proven
    assert "other rows with the text's" in anatomy.capabilities["attention"].why


@pytest.mark.parametrize("family", marked(FAMILIES))
@pytest.mark.parametrize("at_layer", [None, 1])
def test_the_gradient_is_that_of_the_whole_tensors(family: str, at_layer: int | None) -> None:
    """Of the text's last states by the text's rows of the leaf, had by plain hooks."""
    model, anatomy = found(family)
    subject = AttributionModel(model, anatomy, IDS, at_layer=at_layer, masked=True)
    with frozen(model):
        leaf, states = subject.graph(len(IDS))
        assert leaf.shape[:2] == states.shape[:2] == (1, len(IDS))
        probe = torch.randn(states.shape, generator=torch.Generator().manual_seed(0))
        (gradient,) = torch.autograd.grad((states * probe).sum(), leaf)
        whole, last = by_hand(model, anatomy, at_layer)
        total = (text_rows(family, last, len(IDS)) * probe[0]).sum()
        (expected,) = torch.autograd.grad(total, whole)
    turned = family == "masked squeezebert" and at_layer is None  # after the embedding
    rows = expected[0] if turned else text_rows(family, expected, len(IDS))
    assert gradient.any()
    assert (gradient[0] - rows).abs().max() <= 1e-5 * rows.abs().max()


def by_hand(model: Any, anatomy: Anatomy, at_layer: int | None) -> tuple[Any, Any]:
    """What the embedding, or a block, gave, as a leaf; and what the last block gave."""
    last, kept, calls = anatomy.blocks[-1], {}, count()

    def swap(_: Any, _args: Any, output: Any) -> Any:
        if next(calls) != (0 if at_layer is None else anatomy.blocks[at_layer].turn):
            return None
        tensor = output[0] if isinstance(output, tuple) else output
        kept["leaf"] = tensor.detach().clone().requires_grad_()
        copy = kept["leaf"].clone()
        return (copy, *output[1:]) if isinstance(output, tuple) else copy

    def keep(_: Any, _args: Any, output: Any) -> None:
        kept["last"] = output[0] if isinstance(output, tuple) else output

    path = anatomy.embedding if at_layer is None else anatomy.blocks[at_layer].roots[-1]
    hooks = [
        model.get_submodule(path).register_forward_hook(swap),
        model.get_submodule(last.roots[-1]).register_forward_hook(keep),
    ]
    said(model)
    for hook in hooks:
        hook.remove()
    return kept["leaf"], kept["last"]


def test_shared_blocks_are_counted_once_and_named_in_each() -> None:
    lm = ct.wrap(*tiny("masked albert"))
    parts = count_parameters(lm.model, lm.anatomy)
    assert sum(part.count for part in parts) == lm.model.num_parameters()
    kinds = {n: {part.kind for part in parts if part.layer == n} for n in range(4)}
    assert kinds[0] == kinds[3] >= {"attention", "norms"}
    for part in parts:
        if part.layer is not None:
            assert bool(part.count) == (part.layer == 0)
            assert len(part.tied) == (0 if part.layer == 0 else len(part.shapes))
    words = "".join(text for _, text in ct.anatomy(lm).spec.header["sentence"])
    assert words.endswith("Shared: blocks 1–3 are earlier blocks called again.")


@pytest.mark.parametrize("family", marked(FAMILIES))
def test_every_lens_runs_and_a_trace_is_what_each_text_gives_alone(family: str) -> None:
    lm = ct.wrap(*tiny(family))
    trace = lm.trace(list(IDS), keep="all")
    layers = ct.logit_lens(trace).data
    assert layers.sizes["position"] == len(IDS)
    assert layers.sizes["layer"] == 5
    predicted = ct.predictions(trace, at=-1, layer=3, k=1).data
    with torch.inference_mode():
        assert int(predicted.token_id.values.ravel()[0]) == int(said(lm.model)[-1].argmax())
    assert ct.neurons(trace).data.sizes["position"] == len(IDS)
    assert ct.anatomy(lm).data.parameters.sum() == lm.model.num_parameters()
    together = lm.trace([list(IDS), list(IDS[:6])])
    np.testing.assert_allclose(together[0].state(3), trace.state(3), atol=1e-4)
    assert together[1].state(3).shape == (6, lm.card.width)
    mean = lm.trace("The keys").state(3).mean(axis=0)
    np.testing.assert_allclose(lm.embed(["The keys"], layer=3)[0], mean, atol=1e-4)

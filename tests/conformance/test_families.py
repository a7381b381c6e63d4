"""Every causal family of transformers: its lens is exact, or it is refused and says which part."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import pytest
import torch

from cutaway.core.errors import MissingError
from cutaway.model.experts import arguments
from cutaway.model.watch import entering
from tests.models import FAMILIES, MASKED, tiny_model

from .expected import NOT_RUNNABLE, QUICK, REFUSED, SINGLE
from .reference import entropy, kl, lens_logits, ranks
from .survey import IDS, PROBE, Found, answers, hooks, lens, look

ALL = (*FAMILIES, *MASKED)
EXACT = [name for name in ALL if name not in REFUSED and name not in NOT_RUNNABLE]
#: float32 against float64, relative to the largest logit of a row; measured at most 1.5e-5.
BOUND = 2e-4


def marked(names: list[str]) -> list[object]:
    slow = pytest.mark.slow
    return [name if name in QUICK else pytest.param(name, marks=slow) for name in names]


@pytest.mark.parametrize("family", marked(EXACT))
def test_the_lens_is_exact(family: str) -> None:
    found = look(family)
    reference = lens_logits(found.model, found.paths, IDS, single=family in SINGLE)
    logits = lens(found)
    largest = reference.abs().amax((1, 2), keepdim=True)
    assert ((logits - reference).abs() <= BOUND * largest).all()
    assert found.anatomy.vocab == reference.shape[2]
    assert sorted(found.recorded["states"]) == list(range(-1, len(found.paths)))
    check_answers(found, reference, BOUND * float(largest.max()))
    check_neurons(found)


def check_answers(found: Found, reference: torch.Tensor, near: float) -> None:
    """Top tokens, ranks, entropy and KL, but where two logits lie closer than float32 can tell."""
    rows = answers(found)
    top = torch.from_numpy(rows.token_id[:, :, :1])
    assert (reference.gather(-1, top)[..., 0] >= reference.amax(-1) - 2 * near).all()
    targets = torch.tensor(IDS).expand(reference.shape[:2])
    own = reference.gather(-1, targets[..., None])
    least = 1 + (reference > own + 2 * near).sum(-1)
    most = ranks(reference - 2 * near * torch.nn.functional.one_hot(targets, reference.shape[2]),
                 targets)  # fmt: skip
    rank = torch.from_numpy(rows.rank[..., 0])
    assert ((least <= rank) & (rank <= most)).all()
    np.testing.assert_allclose(rows.entropy, entropy(reference).numpy(), atol=1e-3)
    np.testing.assert_allclose(rows.distances["kl"], kl(reference[-1], reference), atol=1e-3)


def check_neurons(found: Found) -> None:
    """The model is the same when what enters a down-projection is put there from the record."""
    recorded = found.recorded.get("neurons", {})
    for layer, rows in recorded.items():
        block = found.anatomy.blocks[layer]
        assert rows.shape == (len(IDS), block.neurons)
        if block.experts is not None:
            check_mixture(found, layer)
        if block.down is not None:
            check_down(found, layer)


def check_down(found: Found, layer: int) -> None:
    block = found.anatomy.blocks[layer]
    down = found.model.get_submodule(block.down)
    taken = []
    with entering({0: down}, lambda _, args, kwargs: taken.append(args[0].clone())):
        run_plain(found.model)
    width = taken[0].shape[-1]
    own = found.recorded["neurons"][layer][:, -width:]
    np.testing.assert_array_equal(own, taken[0].reshape(-1, width).numpy())


def check_mixture(found: Found, layer: int) -> None:
    """Each token's output is had again from its experts' neurons, their weights and the router."""
    experts = found.anatomy.blocks[layer].experts
    module = found.model.get_submodule(experts.path)
    calls = []
    handle = module.register_forward_hook(
        lambda module, args, kwargs, out: calls.append((arguments(args, kwargs), out.clone())),
        with_kwargs=True,
    )
    try:
        run_plain(found.model)
    finally:
        handle.remove()
    (_, ids, weights), given = calls[0]
    n = experts.count * experts.width
    neurons = torch.from_numpy(found.recorded["neurons"][layer][:, :n])
    neurons = neurons.reshape(-1, experts.count, experts.width)
    down = module.down_proj if module.is_transposed else module.down_proj.mT
    outputs = torch.einsum("tew,ewd->ted", neurons.double(), down.double())
    if module.has_bias:
        outputs = outputs + module.down_proj_bias.double()
    if module.has_post_expert_norm:
        outputs = module.post_expert_norm(outputs.float()).double()
    shares = torch.zeros(len(IDS), experts.count + 1, dtype=torch.float64)
    shares.scatter_add_(1, ids.clamp(max=experts.count), weights.double())
    again = torch.einsum("te,ted->td", shares[:, :-1], outputs)
    assert (again - given.reshape(again.shape)).abs().max() <= 1e-4 * given.abs().max()


def run_plain(model: torch.nn.Module) -> None:
    with torch.inference_mode():
        model(input_ids=torch.tensor([IDS]), use_cache=False)


@pytest.mark.parametrize("family", marked(sorted(REFUSED)))
def test_what_can_not_be_proven_is_refused(family: str) -> None:
    with pytest.raises(MissingError, match=REFUSED[family]):
        look(family)


@pytest.mark.parametrize(
    "family", ["llama", "gpt2", pytest.param("reformer", marks=pytest.mark.slow)]
)
def test_a_model_is_left_as_it_was(family: str) -> None:
    from cutaway.model.discover import discover

    model = tiny_model(family).train()
    model.get_submodule(
        next(name for name, m in model.named_modules() if not [*m.children()])
    ).eval()
    before = state_of(model)
    try:
        discover(model, PROBE)
    except MissingError:
        assert family in REFUSED
    assert state_of(model) == before


def state_of(model: torch.nn.Module) -> object:
    """Hooks, modes, weights, gradients and configuration."""
    weights = {name: (p.sum().item(), p.requires_grad) for name, p in model.named_parameters()}
    modes = {name: module.training for name, module in model.named_modules()}
    return hooks(model), modes, weights, deepcopy(model.config.to_dict()), "forward" in vars(model)


def test_every_family_has_one_place() -> None:
    assert set(REFUSED) <= set(ALL)
    assert set(NOT_RUNNABLE) <= set(ALL)
    assert not set(REFUSED) & set(NOT_RUNNABLE)
    assert set(QUICK) <= set(EXACT)
    assert len(EXACT) >= 217

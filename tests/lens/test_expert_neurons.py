"""Experts: which expert each neuron of a mixture belongs to, against the router's own choice."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

import cutaway as ct
from cutaway.core.axes import neuron_name
from cutaway.lens.clusters import clusters
from cutaway.lens.expert_neurons import expert_coords
from cutaway.lens.neurons import neurons
from cutaway.model.fused_experts import expert_arguments
from cutaway.render.text import text
from cutaway.trace.card import ModelCard
from cutaway.view.kinds import spec_of

from ..models import tiny
from .fakes import fake_trace

TEXT = "The keys to the cabinet are on the table"
#: Family -> (experts, neurons of each, shared neurons) of its last block.
MIXTURES = {"mixtral": (4, 160, 0), "qwen2_moe": (4, 48, 40), "deepseek_v3": (4, 48, 48)}


@pytest.fixture(scope="module", params=MIXTURES)
def mixture(request):
    """(family, trace with neurons, what each block's router chose: layer -> (T, top) ids)."""
    lm = ct.wrap(*tiny(request.param))
    chosen: dict[int, torch.Tensor] = {}
    handles = [
        module.register_forward_pre_hook(_noting(chosen, layer), with_kwargs=True)
        for layer, block in enumerate(lm.anatomy.blocks)
        if block.experts
        for module in [lm.model.get_submodule(block.experts.path)]
    ]
    trace = lm.trace(TEXT, keep="neurons")
    for handle in handles:
        handle.remove()
    return request.param, trace, chosen


def _noting(chosen, layer):
    def note(_, args, kwargs):
        chosen[layer] = expert_arguments(args, kwargs)[1].clone()

    return note


def test_the_card_counts_the_neurons_that_are_recorded(mixture):
    family, trace, _ = mixture
    card = trace.card
    assert card.experts[-1] == MIXTURES[family]
    for layer, (count, width, shared) in enumerate(card.experts):
        recorded = trace.material("neurons", [layer])[layer].shape[1]
        assert card.neurons[layer] == recorded
        assert count * width + shared in (recorded, 0)
    assert ModelCard.from_json(card.to_json()) == card


def test_a_position_an_expert_was_not_called_at_is_zero_in_its_neurons_and_only_there(mixture):
    _, trace, chosen = mixture
    data = neurons(trace)
    for layer, ids in chosen.items():
        block = data.sel(layer=layer)
        for expert in range(trace.card.experts[layer][0]):
            own = block["activation"].values[block["expert"].values == expert]
            called = (ids == expert).any(dim=1).numpy()
            assert len(own) == trace.card.experts[layer][1]
            np.testing.assert_array_equal(own.any(axis=0), called)


def test_numbers_within_an_expert_count_from_zero_and_shared_neurons_have_no_expert(mixture):
    _, trace, _ = mixture
    data = neurons(trace)
    for layer, (count, width, shared) in zip(data["layer"].values, trace.card.experts, strict=True):
        block = data.sel(layer=layer)
        n = trace.card.neurons[layer]
        expert, own = block["expert"].values, block["expert_neuron"].values
        routed = [(e, j) for e in range(count) for j in range(width)]
        beside = [(-1, j) for j in range(shared or n - len(routed))]
        assert list(zip(expert[:n].tolist(), own[:n].tolist(), strict=True)) == routed + beside
        assert (own[n:] == -1).all()


def test_pictures_name_the_expert(mixture):
    _, trace, _ = mixture
    answer = neurons(trace, layers=[3], neurons=[50, 3])
    spec = spec_of(answer)
    names = {f"expert {e} · {j}" for e, j in zip(spec.arrays["expert"][0].tolist(),
             spec.arrays["expert_neuron"][0].tolist(), strict=True)}  # fmt: skip
    assert len(names) == 2
    written = text(spec)
    assert all(name in written for name in names)
    groups = spec_of(clusters(trace, n=3, layers=[3]))
    _, width, _ = trace.card.experts[3]
    routed = groups.arrays["expert"] >= 0
    again = groups.arrays["expert"] * width + groups.arrays["expert_neuron"]
    np.testing.assert_array_equal(again[routed], groups.arrays["neuron"][routed])


def test_a_model_without_experts_has_no_such_coordinate():
    trace = fake_trace([np.ones((4, 3))])
    assert "expert" not in neurons(trace).coords
    none = replace(trace.card, experts=((0, 0, 0),))
    assert expert_coords(none, [0], np.arange(3)) == {}


def test_a_card_from_before_experts_were_written_opens():
    card = fake_trace([np.ones((4, 3))]).card
    values = card.to_json()
    del values["experts"]
    assert ModelCard.from_json(values) == card


@pytest.mark.parametrize(
    ("numbers", "name"),
    [((17,), "17"), ((17, -1, 17), "17"), ((161, 3, 17), "expert 3 · 17"),
     ((197, -1, 5), "shared · 5"), ((0, 0, 0), "expert 0 · 0")],
)  # fmt: skip
def test_a_neuron_is_printed_with_its_expert(numbers, name):
    assert neuron_name(*numbers) == name

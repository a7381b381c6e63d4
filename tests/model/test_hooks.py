"""Hooks see what goes in and out, can exchange it, and always come off."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from cutaway.model.hooks import (
    Turn,
    forward_hooks,
    forward_pre_hooks,
    module_calls,
    replaced_output,
)


@pytest.fixture
def model() -> nn.Sequential:
    return nn.Sequential(nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 2))


def n_hooks(model: nn.Module) -> int:
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules())


def test_leaving_sees_what_each_module_returns(model) -> None:
    x, outputs = torch.ones(1, 3), {}

    def keep(key, _args, _kwargs, output) -> None:
        outputs[key] = output

    with forward_hooks({"first": model[0], "last": model[2]}, keep):
        result = model(x)
    assert outputs["last"] is result
    assert torch.equal(outputs["first"], model[0](x))


def test_one_turn_of_a_module_is_one_call_of_every_pass() -> None:
    seen, one = [], nn.Linear(1, 1)
    turns = {n: Turn(one, n, of=3) for n in (0, 2)}
    with forward_hooks(
        turns, lambda key, args, _kwargs, _output: seen.append((key, args[0].item()))
    ):
        for number in range(6):
            one(torch.tensor([float(number)]))
    assert seen == [(0, 0.0), (2, 2.0), (0, 3.0), (2, 5.0)]


def test_replaced_changes_what_comes_after_only_inside(model) -> None:
    x = torch.ones(1, 3)
    plain = model(x)
    with replaced_output(model[0], torch.zeros_like):
        assert torch.equal(model(x), model[2](torch.zeros(1, 3)))
    assert torch.equal(model(x), plain)


def test_entering_may_exchange_the_arguments(model) -> None:
    with forward_pre_hooks({0: model}, lambda _key, args, kwargs: ((2 * args[0],), kwargs)):
        twice = model(torch.ones(1, 3))
    assert torch.equal(twice, model(torch.full((1, 3), 2.0)))


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_hooks_come_off_whatever_happens(model, error) -> None:
    def fail(*_) -> None:
        raise error

    modules = dict(model.named_modules())
    with pytest.raises(error), module_calls(modules), forward_hooks({0: model[1]}, fail):
        model(torch.ones(1, 3))
    assert n_hooks(model) == 0


def test_calls_are_in_order_and_nested(model) -> None:
    with module_calls(dict(model.named_modules())) as seen:
        model(torch.ones(1, 3))
    assert [call.path for call in seen] == ["", "0", "1", "2"]
    assert all(seen[0].start < call.start < call.end < seen[0].end for call in seen[1:])


def test_calls_hold_copies_of_what_is_changed_in_place() -> None:
    class Adds(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.add_(1)

    module = Adds()
    with module_calls({"adds": module}) as seen:
        module(torch.zeros(2))
    assert torch.equal(seen[0].inputs[0], torch.zeros(2))
    assert torch.equal(seen[0].outputs[None], torch.ones(2))

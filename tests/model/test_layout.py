"""States are taken from and put into every shape that blocks have."""

from __future__ import annotations

from typing import NamedTuple

import pytest
import torch

from cutaway.model.layout import Layout, Port, layout_of


@pytest.mark.parametrize(
    ("shape", "layout"),
    [
        ((1, 11, 64), Layout(0, 1, (64,))),
        ((11, 1, 64), Layout(1, 0, (64,))),
        ((1, 11, 4, 16), Layout(0, 1, (4, 16))),
        ((4, 1, 11, 16), Layout(1, 2, (4, 16))),
    ],
)
def test_rows_and_back(shape: tuple[int, ...], layout: Layout) -> None:
    tensor = torch.randn(shape)
    assert layout_of(tensor, 11) == layout
    rows = layout.rows(tensor)
    assert rows.shape == (1, 11, 64)
    assert torch.equal(layout.restore(rows), tensor)


def test_rows_of_a_text_among_others_are_read_and_put_back() -> None:
    tensor = torch.randn(1, 20, 64)
    layout = Layout(0, 1, (64,), lead=5, has_extra_rows=True)
    assert torch.equal(layout.rows(tensor), tensor[:, 5:])
    changed = layout.put(tensor, torch.zeros(1, 11, 64))
    assert not changed[:, 5:16].any()
    assert torch.equal(changed[:, :5], tensor[:, :5])
    assert torch.equal(changed[:, 16:], tensor[:, 16:])


def test_streams_one_after_the_other_are_laid_side_by_side() -> None:
    tensor = torch.randn(2, 33, 64)
    layout = Layout(0, 1, (64,), streams=3, has_extra_rows=True)
    rows = layout.rows(tensor)
    assert torch.equal(rows, torch.cat([tensor[:, :11], tensor[:, 11:22], tensor[:, 22:]], dim=2))
    assert torch.equal(layout.restore(rows), tensor)
    assert torch.equal(layout.put(tensor, 2 * rows[:, :4])[:, 11:15], 2 * tensor[:, 11:15])


@pytest.mark.parametrize("shape", [(11, 64), (1, 12, 64), (2, 11, 64), (64,)])
def test_other_shapes_hold_no_states(shape: tuple[int, ...]) -> None:
    assert layout_of(torch.zeros(shape), 11) is None


class Pair(NamedTuple):
    state: object
    other: object


@pytest.mark.parametrize(
    ("port", "output"),
    [
        (Port(0), ("old", "other")),
        (Port(1), ["other", "old"]),
        (Port("state"), {"state": "old", "other": 1}),
        (Port(0), Pair("old", "other")),
        (Port(None), "old"),
    ],
)
def test_a_result_is_exchanged_in_a_copy(port: Port, output: object) -> None:
    changed = port.write(output, "new")
    assert type(changed) is type(output)
    assert port.read(changed) == "new"
    assert port.read(output) == "old"


def test_an_argument_is_exchanged_by_index_or_name() -> None:
    args, kwargs = ("a", "b"), {"c": "d"}
    assert Port(1).give(args, kwargs, "new") == (("a", "new"), {"c": "d"})
    assert Port("c").give(args, kwargs, "new") == (("a", "b"), {"c": "new"})
    assert Port("c").take(args, kwargs) == "d"


def test_a_model_output_keeps_its_class() -> None:
    from transformers.modeling_outputs import BaseModelOutput

    output = BaseModelOutput(last_hidden_state=torch.zeros(2))
    changed = Port("last_hidden_state").write(output, torch.ones(2))
    assert isinstance(changed, BaseModelOutput)
    assert torch.equal(changed.last_hidden_state, torch.ones(2))
    assert torch.equal(output.last_hidden_state, torch.zeros(2))

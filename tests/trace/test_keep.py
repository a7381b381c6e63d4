"""What is kept is known by name and by its bytes before anything is run."""

from dataclasses import fields, replace

import numpy as np
import pytest

from cutaway.core.errors import UnknownError
from cutaway.trace.keep import (
    MATERIALS,
    continuation_bytes,
    material_bytes,
    pass_bytes,
    read_keep,
)

from ..lens.made import judged_trace
from .linear import T, linear_trace


def test_sizes_are_those_of_the_arrays() -> None:
    trace = linear_trace(keep=["neurons", "lens", "attention"])
    said = material_bytes(trace.card, T, ("states", "neurons", "lens", "attention"))
    held = {
        name: sum(array.nbytes for array in layers.values())
        for name, layers in trace.materials.items()
    }
    rows = trace.answers
    assert rows is not None
    arrays = [getattr(rows, field.name) for field in fields(rows) if field.name != "distances"]
    held["lens"] = sum(np.asarray(array).nbytes for array in [*arrays, *rows.distances.values()])
    shared = ("cos", "sin")  # of both blocks, and held once
    held["attention"] = sum(
        array.nbytes
        for layer, call in trace.calls.items()
        for name, array in call.arrays().items()
        if layer == 0 or name not in shared
    )
    assert said == held
    assert trace.nbytes == sum(held.values()) - held["lens"]


@pytest.mark.parametrize("task", ["sequence", "token", "span"])
def test_the_answers_of_a_classifier_are_one_of_the_text_or_one_of_each_token(task: str) -> None:
    trace = judged_trace(task, 12)
    assert trace.class_logits is not None
    assert material_bytes(trace.card, 12, ("lens",))["lens"] == trace.class_logits.nbytes


def test_a_continuation_has_keys_and_values_of_its_own() -> None:
    """Four heads on two key-value heads of eight numbers each, in three blocks: no queries."""
    L, H, K, d = 3, 4, 2, 8
    heads, groups = (H,) * L, (K,) * L
    a_token = 4 * L * d * (H + 2 * K)
    card = replace(linear_trace().card, heads=heads, kv_heads=groups, call_bytes=(0, a_token, 0))
    cached = 4 * L * d * 2 * K
    assert continuation_bytes(card, 10, 5) == 5 * (10 * cached + pass_bytes(card, 10))


@pytest.mark.parametrize(
    ("keep", "names"),
    [
        (None, ("states",)), ("lens", ("states", "lens")), (["neurons"], ("states", "neurons")),
        (("lens", "inside"), ("states", "inside", "lens")), ("all", tuple(MATERIALS)),
    ],
)  # fmt: skip
def test_states_are_always_kept(keep: object, names: tuple[str, ...]) -> None:
    assert read_keep(keep) == names  # type: ignore[arg-type]


@pytest.mark.parametrize("keep", ["weights", ["states", "lense"]])
def test_an_unknown_material_is_refused(keep: object) -> None:
    with pytest.raises(UnknownError, match="'neurons', 'experts', 'lens', 'attention', 'all'"):
        read_keep(keep)  # type: ignore[arg-type]

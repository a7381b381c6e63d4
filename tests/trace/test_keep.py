"""What is kept is known by name and by its bytes before anything is run."""

from dataclasses import fields

import numpy as np
import pytest

from cutaway.core.errors import UnknownError
from cutaway.trace.keep import MATERIALS, read_keep, sizes

from .linear import T, linear_trace


def test_sizes_are_those_of_the_arrays() -> None:
    trace = linear_trace(keep=["neurons", "lens"])
    said = sizes(trace.card, T, ("states", "neurons", "lens"))
    held = {
        name: sum(array.nbytes for array in layers.values())
        for name, layers in trace.materials.items()
    }
    rows = trace.answers
    assert rows is not None
    arrays = [getattr(rows, field.name) for field in fields(rows) if field.name != "distances"]
    held["lens"] = sum(np.asarray(array).nbytes for array in [*arrays, *rows.distances.values()])
    assert said == held


@pytest.mark.parametrize(
    ("keep", "names"),
    [
        (None, ("states",)), ("lens", ("states", "lens")), (["neurons"], ("states", "neurons")),
        (("lens", "inside"), ("states", "inside", "lens")), ("all", tuple(MATERIALS)),
    ],
)  # fmt: skip
def test_states_are_always_kept(keep: object, names: tuple[str, ...]) -> None:
    assert read_keep(keep) == names  # type: ignore[arg-type]


@pytest.mark.parametrize("keep", ["attention", ["states", "lense"]])
def test_an_unknown_material_is_refused(keep: object) -> None:
    with pytest.raises(UnknownError, match="known: 'states', 'inside', 'neurons', 'lens', 'all'"):
        read_keep(keep)  # type: ignore[arg-type]

"""A lens of some positions over the whole text: what is there is the lens, the rest undefined."""

from __future__ import annotations

import numpy as np
import pytest

from cutaway.lens.logit_lens import logit_lens
from cutaway.lens.partial_positions import positions_in_view, spread_over_text
from cutaway.view.lens import lens_spec
from tests.trace.linear import T, linear_trace

TRACE = linear_trace()
KNOWN = (1, T - 1)
#: What an undefined cell holds, by variable; NaN where none is named.
UNDEFINED = {"token_id": -1, "rank": 0, "token": "", "inside_token_id": -1, "inside_rank": 0,
             "inside_token": ""}  # fmt: skip


@pytest.mark.parametrize("inside", [False, True])
def test_what_is_known_is_the_lens_and_the_rest_is_undefined(inside: bool) -> None:
    options = {"inside": inside, "distances": ("kl", "tv"), "rank_of": "next"}
    whole = logit_lens(TRACE, **options)
    found = spread_over_text(logit_lens(TRACE, positions=KNOWN, **options), TRACE)
    assert set(found.variables) == set(whole.variables)
    for name, variable in whole.data_vars.items():
        assert found[name].dims == variable.dims
        assert found[name].attrs == variable.attrs
        known = [array.isel(position=[*KNOWN]).values for array in (found[name], variable)]
        np.testing.assert_array_equal(*known)
        rest = found[name].isel(position=[at for at in range(T) if at not in KNOWN]).values
        wanted = UNDEFINED.get(str(name), np.nan)
        assert np.isnan(rest).all() if wanted is np.nan else (rest == wanted).all()


def test_the_tokens_are_those_of_the_whole_text() -> None:
    whole, found = logit_lens(TRACE), spread_over_text(logit_lens(TRACE, positions=KNOWN), TRACE)
    for name in ("position", "input", "input_id", "next", "next_id", "produced", "role"):
        assert found[name].values.tolist() == whole[name].values.tolist()


def test_its_picture_says_that_cells_are_to_come() -> None:
    whole = lens_spec(logit_lens(TRACE))
    part = lens_spec(spread_over_text(logit_lens(TRACE, positions=KNOWN), TRACE))
    assert (whole.header["partial"], part.header["partial"]) == (False, True)
    assert part.header["sentence"] == whole.header["sentence"]
    assert part.arrays["top_index"].shape == whole.arrays["top_index"].shape
    assert not lens_spec(logit_lens(TRACE, positions=KNOWN)).header["partial"]


@pytest.mark.parametrize("at", [None, 0, 3, 8, 99])
@pytest.mark.parametrize("columns", [1, 4, 9, 50])
def test_what_is_seen_first(columns: int, at: int | None) -> None:
    found = positions_in_view(9, columns, at)
    assert found == tuple(sorted(set(found)))
    assert set(found) <= set(range(9))
    assert {8, at if at is not None and at < 9 else 8} <= set(found)
    assert min(columns, 9) <= len(found) <= columns + 1

"""Pictures that were looked at are held up to a number of them, and up to so many bytes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

import cutaway as ct
from cutaway.app.server import patterns
from cutaway.app.server.lenses import LENSES
from cutaway.app.server.view_cache import ViewCache
from cutaway.core.errors import InvalidError
from tests.trace.linear import linear_trace


class Sized:
    """Stands for a view that holds so many bytes."""

    def __init__(self, held_bytes: int) -> None:
        self._held_bytes = held_bytes


def held(kept: ViewCache, **sizes: int) -> str:
    """The names that are held after views of these sizes were looked at, oldest first."""
    for name, size in sizes.items():
        view: Any = Sized(size)
        kept.get(((), (name,)), lambda view=view: view)
    return "".join(key[1][0] for key in kept.newest_last())


def test_the_oldest_go_where_there_are_too_many_or_they_hold_too_much() -> None:
    assert held(ViewCache(2, 100), a=1, b=1, c=1) == "bc"
    assert held(ViewCache(9, 100), a=50, b=40, c=30) == "bc"
    assert held(ViewCache(9, 100), a=90, b=0, c=30, d=90) == "bd"  # what holds nothing is no gain
    assert held(ViewCache(9, 100), a=10, b=500) == "b"  # its questions are answered by it


def test_a_view_that_grows_after_it_was_made_is_counted_as_it_is() -> None:
    kept, view = ViewCache(9, 100), Sized(10)
    kept.get(((), ("a",)), lambda: view)  # type: ignore[arg-type,return-value]
    assert held(kept, b=80) == "ab"
    view._held_bytes = 30
    kept.evict()
    assert held(kept) == "b"


def test_a_view_holds_its_numbers_its_pictures_and_those_of_its_sections() -> None:
    trace = linear_trace(keep=["neurons", "lens"])
    view = ct.neurons(trace)
    assert view._held_bytes == view.data.nbytes
    arrays = sum(array.nbytes for array in view.spec.arrays.values())
    assert arrays > 0
    assert view._held_bytes == view.data.nbytes + arrays
    report = ct.report(trace, ["lens", "race"])
    before = report._held_bytes
    assert report["lens"]._held_bytes > 0
    assert report._held_bytes == before + report["lens"]._held_bytes


def test_weights_that_are_computed_when_touched_are_not_counted_as_held() -> None:
    view = ct.attention(linear_trace(keep=["attention"]))
    assert view._held_bytes == view.data.drop_vars("weight").nbytes


def test_a_pattern_that_would_not_end_is_refused_before_it_holds_up_the_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(patterns, "SECONDS", 0.3)
    trace = linear_trace(keep=["attention"])
    row = trace.tokens
    text = "a" * 60 + "!"
    long = replace(trace, tokens=replace(row, text=text, starts=(0,) * 5, ends=(61,) * 5))
    with pytest.raises(InvalidError, match="without a repeat inside a repeat"):
        LENSES["attention"].make(long, None, {"tokens": "re:(a+)+$"})
    for tokens in ("re:a+$", "re:^!", "special"):
        assert LENSES["attention"].make(long, None, {"tokens": tokens}).data.sizes["head"] == 2
    with pytest.raises(InvalidError, match="a regular expression"):
        LENSES["attention"].make(long, None, {"tokens": "re:("})

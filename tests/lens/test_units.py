"""Of every kind of view: each number says its unit, each axis has coordinates."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import xarray as xr

import cutaway as ct
from cutaway.lens.alignment import alignment_of_attention, alignment_of_saliency
from cutaway.lens.attention import attention
from cutaway.lens.attention_neuron import attention_neuron
from cutaway.lens.compare import LENSES, compare
from cutaway.lens.deletion import deletion
from cutaway.lens.explore import explore
from cutaway.lens.heads import head_figures
from cutaway.lens.logit_lens import logit_lens
from cutaway.lens.predictions import predictions
from cutaway.lens.routing import experts
from cutaway.lens.saliency import saliency
from cutaway.model.lm import LM
from cutaway.view.kinds import VIEWS
from tests.trace.linear import linear_trace

from .compared import crossed_pair, pair, routed_pair
from .crossed import cross_trace, crossed
from .fakes import attention_trace, fake_card
from .made import made
from .routed import routed_trace
from .test_explore import PLAIN, explored

#: What a lens of two traces must be given.
_GIVEN = {"watch": {"tokens": [" nurse", " old"]}, "factors": {"n": 2}, "clusters": {"n": 2}}


def made_up() -> Iterator[xr.Dataset]:
    """Answers that need no model."""
    yield from made().values()
    yield logit_lens(linear_trace(), k=2, inside=True, distances=("kl", "js", "tv"))
    yield predictions(linear_trace())
    yield experts(routed_trace())
    heads = attention_trace(2, 4, 2, 6, 8)
    yield from (attention(heads), head_figures(heads), attention_neuron(heads, 0, 1))
    two_texts = cross_trace()
    shares = saliency(two_texts)
    yield from (crossed(two_texts), alignment_of_attention(crossed(two_texts)))
    yield from (shares, alignment_of_saliency(shares))
    yield explore(explored(), fake_card(2, (3, 3)), PLAIN, {"prompt": "ab"})


def compared() -> Iterator[xr.Dataset]:
    """Every lens that two traces are compared under."""
    for lens in LENSES:
        traces = routed_pair() if lens == "experts" else pair()
        yield compare(*traces, lens=lens, **_GIVEN.get(lens, {}))
    yield compare(*crossed_pair(), lens="saliency")


def of_a_model(lm: LM) -> Iterator[xr.Dataset]:
    """Answers that only a model has."""
    trace = lm.trace("The keys to the")
    yield ct.walk(trace).data
    yield deletion(trace, saliency(trace, targets=2))
    yield ct.anatomy(lm).data
    texts = ct.embed(lm, ["one", "two", "three"])
    yield texts.data
    yield texts.nearest("one", k=2).data
    yield ct.embed(lm).nearest("o", k=2).data
    yield texts.project("one", "two").data


@pytest.fixture(scope="module")
def answers(tiny_lm: LM) -> list[xr.Dataset]:
    return [*made_up(), *compared(), *of_a_model(tiny_lm)]


def test_every_kind_of_view_is_held(answers: list[xr.Dataset]) -> None:
    assert set(VIEWS) <= {data.attrs["lens"] for data in answers}


def test_every_number_has_a_unit(answers: list[xr.Dataset]) -> None:
    bare = {
        (data.attrs["lens"], name)
        for data in answers
        for name, array in numbers(data).items()
        if not array.attrs.get("units")
    }
    assert not bare


def numbers(data: xr.Dataset) -> dict[str, xr.DataArray]:
    """The variables; one named by its first axis, as of factors, is a coordinate to xarray."""
    named = {name: data[name] for name in data.dims if name in data.coords and data[name].ndim > 1}
    return {str(name): array for name, array in [*data.data_vars.items(), *named.items()]}


def test_every_axis_has_coordinates(answers: list[xr.Dataset]) -> None:
    bare = {
        (data.attrs["lens"], axis)
        for data in answers
        for axis in data.dims
        if axis not in data.coords
    }
    assert not bare

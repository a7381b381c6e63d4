"""Scalars are what they say, against plain computations; what is undefined is left out."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import xarray as xr

import cutaway as ct
from cutaway.app.view import View
from cutaway.model.lm import LM
from cutaway.view.scalars import SCALARS, scalars
from tests.lens.made import made

TEXT = "The keys to the cabinet are"


def found(dataset: xr.Dataset) -> dict[str, float]:
    return {scalar.name: float(scalar.value) for scalar in scalars(dataset)}


@pytest.fixture(scope="module")
def trace(tiny_lm: LM) -> ct.Trace:
    return tiny_lm.generate(TEXT, max_new_tokens=4)


@pytest.fixture(scope="module")
def log_probabilities(tiny_lm: LM, trace: ct.Trace) -> np.ndarray:
    """(T, V) of the model itself, in float64."""
    with torch.no_grad():
        logits = tiny_lm.model(torch.tensor([trace.token_ids])).logits[0].double()
    return torch.log_softmax(logits, -1).numpy()


def test_entropy_and_surprisal_are_those_of_the_model(
    trace: ct.Trace, log_probabilities: np.ndarray
) -> None:
    numbers = found(ct.logit_lens(trace, rank_of="next").data)
    p = np.exp(log_probabilities)
    assert numbers["mean_entropy"] == pytest.approx(
        float(-(p * log_probabilities).sum(-1).mean()), abs=1e-4
    )
    told = [-log_probabilities[i, trace.token_ids[i + 1]] for i in range(trace.n_positions - 1)]
    assert numbers["mean_next_surprisal"] == pytest.approx(float(np.mean(told)), abs=1e-4)


def test_the_lead_is_taken_at_the_layer_from_which_no_other_token_is_on_top(
    trace: ct.Trace,
) -> None:
    data = ct.logit_lens(trace).data
    leads = []
    for position in data["position"].values:
        tops = data["token_id"].sel(position=position).isel(k=0)
        lead = int(tops["layer"][-1])
        while lead > -1 and int(tops.sel(layer=lead - 1)) == int(tops[-1]):
            lead -= 1
        leads.append(lead)
    numbers = found(data)
    assert numbers["lead_layer"] == leads[-1]
    assert numbers["mean_lead_layer"] == pytest.approx(np.mean(leads))
    assert found(ct.predictions(trace).data)["lead_layer"] == leads[-1]


def test_kl_is_the_mean_over_the_layers_before_the_last(trace: ct.Trace) -> None:
    data = ct.logit_lens(trace).data
    assert found(data)["mean_kl"] == pytest.approx(float(data["kl"][:-1].mean()), rel=1e-5)
    assert "mean_kl" not in found(ct.logit_lens(trace, distances=()).data)


def test_log_odds_are_those_of_the_model(trace: ct.Trace, log_probabilities: np.ndarray) -> None:
    numbers = found(ct.watch(trace, [5, 9]).data)
    assert numbers["log_odds"] == pytest.approx(
        float(log_probabilities[-1, 5] - log_probabilities[-1, 9]), abs=1e-4
    )
    assert numbers["probability_1"] == pytest.approx(math.exp(log_probabilities[-1, 9]), rel=1e-3)
    both = found(ct.pairs([trace, trace], [5, 9]).data)
    assert both["mean_log_odds"] == pytest.approx(numbers["log_odds"])
    assert both["spread_log_odds"] == 0


def test_the_prompt_s_share_is_what_the_outputs_leave(trace: ct.Trace) -> None:
    data = ct.saliency(trace).data
    outside = [
        float(np.nansum(data["saliency"].sel(target=j)[trace.n_prompt :]))
        for j in range(trace.n_prompt, trace.n_positions)
    ]
    numbers = found(data)
    assert numbers["prompt_share"] == pytest.approx(1 - np.mean(outside), abs=1e-5)
    assert 0 <= numbers["mean_entropy"] <= math.log(trace.n_positions)
    assert "largest_gap" not in numbers


def test_a_text_that_was_only_read_has_no_share_of_the_prompt(tiny_lm: LM) -> None:
    numbers = found(ct.saliency(tiny_lm.trace(TEXT)).data)
    assert "prompt_share" not in numbers
    assert numbers["first_share"] > 0


def test_attention_is_charted_over_all_heads(trace: ct.Trace) -> None:
    view = ct.attention(trace)
    weight = view.data["weight"].values.astype(np.float64)
    numbers = found(view.filed)
    rows = np.arange(1, trace.n_positions)  # the first row has no choice
    assert numbers["mean_first"] == pytest.approx(weight[..., rows, 0].mean(), abs=1e-6)
    assert numbers["largest_previous"] == pytest.approx(
        weight[..., rows, rows - 1].mean(-1).max(), abs=1e-6
    )


def test_a_run_compared_with_itself_differs_nowhere(trace: ct.Trace) -> None:
    assert found(ct.compare(trace, trace).data) == {"same_top_share": 1.0, "mean_state_distance": 0}
    heads = found(ct.compare(trace, trace, lens="attention").filed)
    assert heads == {"mean_variation": 0, "largest_variation": 0}


@pytest.mark.parametrize("lens", ["neurons", "clusters", "factors", "watch", "pairs"])
def test_every_scalar_is_finite_and_says_what_it_is(lens: str) -> None:
    dataset = made()[lens]
    told = scalars(dataset)
    assert told
    assert len({scalar.name for scalar in told}) == len(told)
    for scalar in told:
        assert math.isfinite(scalar.value)
        assert scalar.words
        assert scalar.units


def test_undefined_scalars_are_left_out(trace: ct.Trace) -> None:
    data = ct.logit_lens(trace).data.copy(deep=True)
    data["entropy"][:] = np.nan
    assert "mean_entropy" not in found(data)


def test_a_lens_without_scalars_has_none(tiny_lm: LM) -> None:
    view = ct.anatomy(tiny_lm)
    assert isinstance(view, View)
    assert view.data.attrs["lens"] not in SCALARS
    assert scalars(view.data) == ()

"""Scalars are what they say, against plain computations; what is undefined is left out."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import xarray as xr

import cutaway as ct
from cutaway.app.view import View
from cutaway.lens.clusters import clusters
from cutaway.lens.compare import compare
from cutaway.lens.compare_attention import head_differences
from cutaway.lens.logit_lens import logit_lens
from cutaway.lens.routing import experts
from cutaway.lens.sequence_alignment import align
from cutaway.model.lm import LM
from cutaway.view.scalars import SCALARS, scalars
from tests.lens.compared import pair, routed_pair
from tests.lens.fakes import fake_trace
from tests.lens.made import made
from tests.lens.routed import routed

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


def test_the_margin_is_that_over_the_second_whatever_k_is(
    trace: ct.Trace, log_probabilities: np.ndarray
) -> None:
    first, second = sorted(np.exp(log_probabilities[-1]).tolist(), reverse=True)[:2]
    for k in (2, 5):
        numbers = found(ct.predictions(trace, k=k).data)
        assert numbers["probability"] == pytest.approx(first, rel=1e-4)
        assert numbers["margin"] == pytest.approx(first - second, abs=1e-5)
    assert "margin" not in found(ct.predictions(trace, k=1).data)


def test_log_odds_of_several_texts_have_a_mean_and_a_spread() -> None:
    data = made()["pairs"]
    odds = [
        math.log(first / second) for first, second in data["probability"].values[:, -1].tolist()
    ]
    numbers = found(data)
    assert numbers["mean_log_odds"] == pytest.approx(sum(odds) / len(odds))
    assert numbers["spread_log_odds"] == pytest.approx(max(odds) - min(odds))


def test_the_largest_cluster_is_a_share_of_the_neurons_that_fire() -> None:
    array = np.repeat(np.eye(6), (1, 4, 2, 0, 0, 0), axis=1)  # each fires at one token
    numbers = found(clusters(fake_trace([np.hstack([array, np.zeros((6, 3))])]), n=3))
    assert numbers == {"silent_share": pytest.approx(3 / 10), "largest_share": pytest.approx(4 / 7)}


def test_an_expert_that_is_never_called_is_one_that_its_own_mixture_has() -> None:
    """The smaller mixture has no experts 2 and 3, which are not counted."""
    small = (np.full((4, 2), 0.5), np.array([[0], [0], [0], [1]]), np.ones((4, 1)))
    large = (np.full((4, 4), 0.25), np.tile([1, 3], (4, 1)), np.full((4, 2), 0.5))
    numbers = found(experts(routed([small, large])))
    assert numbers["never_called"] == pytest.approx(2 / 6)
    assert numbers["largest_load"] == 1
    assert numbers["mean_entropy"] == pytest.approx((math.log(2) + math.log(4)) / 2)


def test_the_share_of_positions_with_one_top_token_is_of_the_last_layer() -> None:
    """And of the slots where both have a token: the second text has a word more."""
    traces = pair()
    slots = align(*traces)
    tops = [logit_lens(trace)["token_id"].values[-1, :, 0] for trace in traces]
    both = [(i, j) for i, j in zip(slots.a, slots.b, strict=True) if min(i, j) >= 0]
    same = [tops[0][i] == tops[1][j] for i, j in both]
    numbers = found(compare(*traces))
    assert numbers["same_top_share"] == pytest.approx(sum(same) / len(both))


def test_the_prompt_s_share_is_what_the_outputs_leave(trace: ct.Trace) -> None:
    data = ct.saliency(trace).data
    outside = [
        float(np.nansum(data["saliency"].sel(target=j)[trace.n_prompt :]))
        for j in range(trace.n_prompt, trace.n_positions)
    ]
    numbers = found(data)
    assert numbers["prompt_share"] == pytest.approx(1 - np.mean(outside), abs=1e-5)
    assert "largest_gap" not in numbers


def test_a_target_without_shares_counts_in_no_mean(trace: ct.Trace) -> None:
    data = ct.saliency(trace).data.copy(deep=True)
    data["saliency"][0] = np.nan
    data["gap"][:] = np.linspace(0.3, 0.1, len(data["gap"]))
    rows = [row[row > 0].astype(np.float64) for row in data["saliency"].values[1:]]
    numbers = found(data)
    entropy = [-sum(p * math.log(p) for p in row) for row in rows]
    assert numbers["mean_entropy"] == pytest.approx(np.mean(entropy), rel=1e-6)
    assert numbers["first_share"] == pytest.approx(np.mean([row[0] for row in rows]), rel=1e-6)
    assert numbers["largest_gap"] == pytest.approx(0.3)


def test_a_text_that_was_only_read_has_no_share_of_the_prompt(tiny_lm: LM) -> None:
    numbers = found(ct.saliency(tiny_lm.trace(TEXT)).data)
    assert "prompt_share" not in numbers
    assert numbers["first_share"] > 0


def test_attention_is_charted_over_all_heads(trace: ct.Trace) -> None:
    view = ct.attention(trace)
    weight = view.data["weight"].values.astype(np.float64)
    numbers = found(view._file_data)
    rows = np.arange(1, trace.n_positions)  # the first row has no choice
    assert numbers["mean_first"] == pytest.approx(weight[..., rows, 0].mean(), abs=1e-6)
    assert numbers["largest_previous"] == pytest.approx(
        weight[..., rows, rows - 1].mean(-1).max(), abs=1e-6
    )


def test_neurons_and_factors_have_their_means_and_largest() -> None:
    data = made()["neurons"]
    data["activation"] = -data["activation"]  # the largest by size is below 0
    values = [abs(value) for value in data["activation"].values.ravel().tolist()]
    numbers = found(data)
    assert numbers["mean_absolute"] == pytest.approx(sum(values) / len(values))
    assert numbers["largest_absolute"] == pytest.approx(max(values))
    parts = made()["factors"]
    assert found(parts)["first_share"] == pytest.approx(parts["share"].values.max())


def test_the_race_s_lead_is_where_the_winner_was_last_behind() -> None:
    data = made()["watch"]
    data["probability"][:] = [0.1, 0.2, 0.3]
    data["probability"][9] = [0.1, 0.4, 0.3]
    leaders = [row.index(max(row)) for row in data["probability"].values.tolist()]
    behind = [n for n, leader in enumerate(leaders) if leader != leaders[-1]]
    assert behind == [9]
    assert found(data)["lead_layer"] == data["layer"].values[10] == 9


def test_two_runs_are_charted_by_their_means_and_first_divergence() -> None:
    data = compare(*pair())
    numbers = found(data)
    assert numbers["first_divergence"] == np.nanmin(data["diverged_at"])
    apart = np.nanmean(data["state_distance"].values[-1].astype(np.float64))
    assert numbers["mean_state_distance"] == pytest.approx(apart)
    heads = head_differences(compare(*pair(), lens="attention"))
    told = [float(value) for value in heads["variation"].values.ravel()]
    numbers = found(heads)
    assert numbers["mean_variation"] == pytest.approx(sum(told) / len(told))
    assert numbers["largest_variation"] == pytest.approx(max(told))
    data = compare(*routed_pair(), lens="experts")
    numbers = found(data)
    assert numbers["mean_variation"] == pytest.approx(np.nanmean(data["variation"]), rel=1e-5)
    assert numbers["rerouted_share"] == pytest.approx(np.nanmean(data["rerouted"]), rel=1e-5)


def test_a_run_compared_with_itself_differs_nowhere(trace: ct.Trace) -> None:
    assert found(ct.compare(trace, trace).data) == {"same_top_share": 1.0, "mean_state_distance": 0}
    heads = found(ct.compare(trace, trace, lens="attention")._file_data)
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

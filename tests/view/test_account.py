"""An account says what the datasets say: every number of it is found again, by plain loops."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from cutaway.core.numbers import percent, quantity
from cutaway.lens.attention import attention
from cutaway.lens.dataset import strings
from cutaway.lens.factors import factors
from cutaway.lens.logit_lens import logit_lens
from cutaway.lens.predictions import predictions
from cutaway.lens.saliency import saliency
from cutaway.lens.strongest_attention import strongest_attention
from cutaway.lens.top_tokens import top_tokens
from cutaway.view.account import Facts, Line, account

SECTIONS = frozenset({"lens", "race", "saliency", "attention", "factors"})


@pytest.fixture(scope="module")
def trace(tiny_lm):
    return tiny_lm.generate("The keys to the cabinet are on", max_new_tokens=5)


@pytest.fixture(scope="module")
def facts(trace) -> Facts:
    T = trace.n_positions
    return Facts(
        next_tokens=top_tokens(trace), by_layer=logit_lens(trace, k=10),
        saliency=saliency(trace, targets=range(trace.n_prompt, T + 1)),
        strongest_attention=strongest_attention(attention(trace)),
        factors=factors(trace, n=4, exclude=[0]),
        sections=SECTIONS, places={"race": 3},
    )  # fmt: skip


def words(line: Line) -> str:
    return "".join(run[1] for run in line)


def numbers(line: Line) -> list[str]:
    return [text for style, text, _ in line if style == "b"]


def links(line: Line) -> list[dict]:
    return [link for _, _, link in line if link]


def line_of(facts: Facts, at: int, section: str) -> Line:
    """The one line whose numbers come from a section."""
    found = [
        line for line in account(facts, at)
        if {link["section"] for link in links(line)} == {section}
    ]  # fmt: skip
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("at", range(12))
def test_the_first_line_has_the_two_likeliest_tokens(trace, facts, at):
    line = account(facts, at)[0]
    top = predictions(trace, at=at, layer=trace.n_layers - 1, k=2)
    assert numbers(line) == [percent(float(p)) for p in top["probability"].values[0]]
    assert [text for style, text, _ in line if style == "out"] == list(top["token"].values[0])
    assert [text for style, text, _ in line if style == "in"] == [trace.tokens.labels[at]]
    where = ["lens", "race" if at == 3 else "lens"]
    assert [link["section"] for link in links(line)] == where
    assert all(link["at"] == at for link in links(line))


@pytest.mark.parametrize("at", range(12))
def test_the_second_line_has_the_layers_of_the_top_token(trace, facts, at):
    ids = [int(i) for i in facts.by_layer["token_id"].sel(position=at, k=0)]
    layers = list(range(-1, trace.n_layers))
    first = next(layer for layer, i in zip(layers, ids, strict=True) if i == ids[-1])
    stays = max(
        (layer + 1 for layer, i in zip(layers, ids, strict=True) if i != ids[-1]), default=-1
    )
    line = account(facts, at)[1]
    named = {link["layer"] for link in links(line)}
    assert named == {first, stays}
    for text in numbers(line):
        assert text in {"the input state (in)", f"layer {first}", f"layer {stays}"}
    assert ("stays" in words(line)) == (stays < trace.n_layers - 1)
    assert ("lost" in words(line) or "before" in words(line) or "loses" in words(line)) == (
        first != stays
    )


@pytest.mark.parametrize("at", range(11))
def test_what_came_has_its_rank_and_surprisal(trace, facts, at):
    came = logit_lens(trace, rank_of="next", positions=[at]).isel(layer=-1, position=0)
    line = account(facts, at)[2]
    rank = int(came["rank"])
    told = [quantity(float(came["surprisal"]), "nats")]
    assert numbers(line) == (told if rank == 1 else [str(rank), *told])
    assert ("the top token" in words(line)) == (rank == 1)
    assert ("produced" in words(line)) == (at + 1 >= trace.n_prompt)
    assert trace.tokens.labels[at + 1] in words(line)


def test_at_the_end_nothing_came(facts):
    assert not [line for line in account(facts, 11) if "surprisal" in words(line)]


def test_the_saliency_is_that_of_the_token_after_the_position(trace, facts):
    for at in range(trace.n_prompt - 1, trace.n_positions):
        line = line_of(facts, at, "saliency")
        shares = saliency(trace, targets=at + 1)["saliency"].values[0, : at + 1]
        best = int(np.argmax(shares))
        assert numbers(line) == [percent(float(shares[best]))]
        assert trace.tokens.labels[best] in words(line)
        assert links(line)[0]["at"] == at


def test_a_prompt_token_that_was_not_explained_says_so(facts):
    told = [words(line) for line in account(facts, 1) if "owes" in words(line)]
    assert told == [
        "What ·to owes to earlier tokens was not computed: only produced tokens are."
    ]  # fmt: skip


@pytest.mark.parametrize("at", range(12))
def test_the_head_is_the_one_with_the_largest_weight_on_one_other_token(trace, facts, at):
    weights = attention(trace)["weight"].values[:, :, at]  # (layer, head, key)
    found = max(
        ((weights[i, h, k], i, h, k) for i in range(trace.n_layers)
         for h in range(weights.shape[1]) for k in range(1, at)),
        default=None,
    )  # fmt: skip
    if found is None:
        assert not [line for line in account(facts, at) if "Of all heads" in words(line)]
        return
    weight, layer, head, key = found
    line = line_of(facts, at, "attention")
    assert numbers(line) == [f"head {head} of layer {layer}", percent(float(weight))]
    assert links(line)[0] == {"section": "attention", "at": at, "layer": layer, "head": head}
    assert trace.tokens.labels[key] in words(line)


@pytest.mark.parametrize("at", range(1, 12))
def test_the_factor_makes_most_of_what_is_reproduced_there(facts, at):
    data = facts.factors
    made = [
        float((data["loading"].isel(factor=f).astype(float) * float(data["factor"][f, at])).sum())
        for f in range(4)
    ]
    line = line_of(facts, at, "factors")
    most = int(np.argmax(made))
    assert numbers(line) == [f"Factor {most}", percent(made[most] / sum(made))]


def test_a_position_that_the_factors_leave_out_says_so(facts):
    assert words(line_of(facts, 0, "factors")) == "The factors leave this position out."


def test_factors_not_yet_computed_are_only_linked(facts):
    line = line_of(replace(facts, factors=None), 4, "factors")
    assert not numbers(line)
    without = replace(facts, factors=None, sections=SECTIONS - {"factors"})
    assert not [line for line in account(without, 4) if "factor" in words(line)]


def test_the_history_of_one_position_tells_the_same(trace, facts):
    for at in (0, 4, 11):
        one = replace(facts, by_layer=predictions(trace, at=at, k=1))
        assert account(one, at) == account(facts, at)


def test_numbers_without_a_section_have_no_link(facts):
    for line in account(replace(facts, sections=frozenset()), 5):
        assert not links(line)
    for line in account(facts, 5):
        linked = [link for style, _, link in line if style == "b"]
        assert all(link is not None for link in linked)


def test_a_trace_that_says_nothing_has_only_what_there_is(trace, facts):
    silent = Facts(
        next_tokens=top_tokens(trace, 0),
        strongest_attention=facts.strongest_attention,
        sections=SECTIONS - {"factors"},
    )
    assert [words(line)[:12] for line in account(silent, 5)] == ["Of all heads"]


def history(*tops: int) -> xr.Dataset:
    """Top tokens by layer at position 0, from the input state on."""
    return xr.Dataset(
        {"token_id": (("layer", "position", "k"), np.asarray(tops)[:, None, None])},
        coords={"layer": np.arange(-1, len(tops) - 1), "position": [0], "k": [0]},
    )


def saying(token_id: int) -> xr.Dataset:
    label = strings([f"t{token_id}"])[None]
    return xr.Dataset(
        {
            "token_id": (("position", "k"), [[token_id]]), "token": (("position", "k"), label),
            "probability": (("position", "k"), [[0.5]]),
        },
        coords={"position": [0], "k": [0], "input": ("position", strings(["a"]))},
        attrs={"model": "{}"},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("tops", "told"),
    [
        ((9, 9, 5, 5), "t5 is first at layer 1 and stays (the layers are 0 to 2)."),
        ((9, 5, 9, 5), "t5 comes out on top only after layer 2, the last; it led before, first at "
         "layer 0."),
        ((9, 9, 9, 5), "t5 comes out on top only after layer 2, the last."),
        ((5, 9, 5, 5), "t5 is first at the input state (in), loses the lead, and stays from "
         "layer 1 on (the layers are 0 to 2)."),
        ((5, 5, 5, 5), "t5 is first at the input state (in) and stays (the layers are 0 to 2)."),
        ((9, 9, 9, 7), "t5 shares the top with another token after the last layer."),
    ],
)  # fmt: skip
def test_when_the_top_token_came_up(tops, told):
    facts = Facts(next_tokens=saying(5), by_layer=history(*tops), sections=frozenset({"lens"}))
    lines = [words(line) for line in account(facts, 0)]
    assert lines == ["After a the model says t5 with 50.0 %.", told]


def test_a_token_that_nothing_speaks_for(facts):
    none = facts.saliency.copy(deep=True)
    none["saliency"][:] = np.nan
    told = [words(line) for line in account(replace(facts, saliency=none), 11)]
    assert sum("No earlier token has any saliency" in line for line in told) == 1


def test_a_silent_position_has_no_factor(facts):
    none = facts.factors.copy(deep=True)
    none["loading"][:] = 0
    told = [words(line) for line in account(replace(facts, factors=none), 5)]
    assert "No factor is active here." in told

"""The picture of weighted, joined and live attention: what the header says is what it holds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cutaway.app.attention import AttentionView
from cutaway.core.errors import UnknownError
from cutaway.lens.attention import attention
from cutaway.lens.weighting import WEIGHTINGS
from cutaway.view.attention import LIVE_BUDGET, attention_head
from cutaway.view.spec import Spec

from ..lens.fakes import attention_trace

L, H, T = 3, 4, 9


def viewed(n_prompt: int = T, **options: object) -> AttentionView:
    trace = attention_trace(L, H=H, T=T)
    trace = replace(trace, tokens=replace(trace.tokens, n_prompt=n_prompt))
    return AttentionView(attention(trace, **options), trace, "special")  # type: ignore[arg-type]


def shares(spec: Spec, layer: int, head: int) -> np.ndarray:
    """(T, T) a head as the page reads it."""
    return unpacked(spec.arrays["weights"][spec.arrays["place"][layer, head]])


def unpacked(levels: np.ndarray) -> np.ndarray:
    found = np.zeros((T, T))
    found[np.tri(T, dtype=bool)] = (levels / 255.0) ** 2
    return found


@pytest.mark.parametrize("weighting", ["value_norm", "output_norm"])
def test_weighted_rows_are_shares_beside_their_sums(weighting: str) -> None:
    view = viewed(weighting=weighting)
    whole = view.data["weight"].values
    place, totals = view.spec.arrays["place"], view.spec.arrays["row_total"]
    for layer in range(L):
        for head in range(H):
            own = whole[layer, head]
            total = totals[place[layer, head]]
            np.testing.assert_allclose(total, own.sum(-1), rtol=1e-6)
            found = shares(view.spec, layer, head)
            np.testing.assert_allclose(found, own / own.sum(-1, keepdims=True), atol=0.005)
    assert view.spec.header["weighting"]["name"] == weighting
    assert view.spec.header["weighting"]["unit"] == "the model's own"
    assert "shares of its sum" in view.spec.header["encoding"]
    assert "length" in view.spec.header["about"]
    words = [entry["words"] for entry in view.spec.header["figures"]]
    assert all(line.endswith("plain weights") for line in words)
    # Thumbnails are of the shares too: a short text has a cell for each.
    thumbnail = (view.spec.arrays["thumbnails"][0, 0] / 255.0) ** 2
    np.testing.assert_allclose(thumbnail, shares(view.spec, 0, 0), atol=1e-12)


def test_plain_weights_have_no_sums() -> None:
    spec = viewed().spec
    assert "row_total" not in spec.arrays
    assert spec.header["weighting"] == {
        "name": "weight", "words": WEIGHTINGS["weight"].words, "unit": "1",
    }  # fmt: skip


@pytest.mark.parametrize("aggregate", ["mean", "max", "rollout"])
def test_an_aggregate_has_one_head(aggregate: str) -> None:
    view = viewed(aggregate=aggregate)
    spec = view.spec
    assert spec.header["aggregate"] == aggregate
    assert spec.header["heads"] == spec.header["groups"] == [0]
    assert spec.arrays["thumbnails"].shape == (L, 1, T, T)
    assert spec.arrays["figures"].shape == (len(spec.header["figures"]), L, 1)
    for layer in range(L):
        expected = view.data["weight"][layer].values
        np.testing.assert_allclose(shares(spec, layer, 0), expected, atol=0.005)
    said = "".join(words for _, words in spec.header["sentence"])
    assert "Layer" in said
    assert "Head" not in said
    assert spec.header["about"].startswith(
        {"mean": "The mean", "max": "The largest", "rollout": "Attention rollout"}[aggregate]
    )


@pytest.mark.parametrize(
    ("n_prompt", "asked", "split", "parts"),
    [
        (T, None, None, None),
        (T, 4, 4, ["A", "B"]),
        (5, None, 5, ["prompt", "output"]),
        (5, 5, 5, ["prompt", "output"]),
        (5, 3, 3, ["A", "B"]),
    ],
)
def test_the_parts_of_a_text_have_names(
    n_prompt: int, asked: int | None, split: int | None, parts: list[str] | None
) -> None:
    header = viewed(n_prompt, split=asked).spec.header
    assert header["split"] == split
    assert header["parts"] == parts


def test_layers_without_attention_are_named() -> None:
    trace = attention_trace(L, H=H, T=T)
    card = replace(trace.card, heads=(H, 0, H), kv_heads=(2, 0, 2))
    trace = replace(trace, card=card)
    view = AttentionView(attention(trace, layers=2, opens="heads"), trace, "special")
    assert view.spec.header["missing_layers"] == [1]
    assert view.spec.header["layers"] == [2]
    assert view.spec.header["opens"] == "heads"


@pytest.mark.parametrize("options", [{}, {"weighting": "output_norm"}, {"aggregate": "mean"}])
def test_a_live_picture_opens_with_a_layer_and_answers_the_rest(options: dict[str, str]) -> None:
    view = viewed(**options)
    live, saved = view._live_spec, view.spec
    assert live.header["live"]
    assert not saved.header["live"]
    heads = live.header["heads"]
    lead = [entry["name"] for entry in live.header["figures"]].index(live.header["opens_with"])
    opening = int(np.nanargmax(live.arrays["figures"][lead])) // len(heads)
    assert (live.arrays["place"][opening] >= 0).all()
    assert (np.delete(live.arrays["place"], opening, axis=0) == -1).all()
    np.testing.assert_array_equal(live.arrays["thumbnails"], saved.arrays["thumbnails"])
    entries = T * (T + 1) // 2
    for layer in range(L):
        for head in heads:
            answer = view.answer({"what": "head", "layer": layer, "head": head})
            row = saved.arrays["place"][layer, head]
            np.testing.assert_array_equal(answer[:entries], saved.arrays["weights"][row])
            totals = np.frombuffer(answer[entries:].tobytes(), "<f4")
            if "row_total" in saved.arrays:
                np.testing.assert_array_equal(totals, saved.arrays["row_total"][row])
            else:
                assert not len(totals)


def test_answers_go_by_the_numbers_of_layer_and_head() -> None:
    view = viewed(layers=[2, 0], heads=[3, 1])
    answer = view.answer({"what": "head", "layer": 0, "head": 3})
    expected = view.data["weight"].sel(layer=0, head=3).values
    np.testing.assert_allclose(unpacked(answer), expected, atol=0.005)


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ({"what": "head", "layer": 1, "head": 3}, "layer 1"),
        ({"what": "head", "layer": 0, "head": 0}, "head 0"),
        ({"what": "weather"}, "weather"),
    ],
)
def test_what_is_not_there_is_refused(question: dict[str, object], words: str) -> None:
    with pytest.raises(UnknownError, match=words):
        viewed(layers=[2, 0], heads=[3, 1]).answer(question)


def test_a_head_that_looks_ahead_is_answered_whole() -> None:
    view = viewed()
    answer = attention_head(view.data, 1, 2, causal=False)
    found = (answer.reshape(T, T) / 255.0) ** 2
    np.testing.assert_allclose(found, view.data["weight"][1, 2].values, atol=0.005)


def test_the_opening_of_a_live_picture_is_bounded() -> None:
    assert LIVE_BUDGET >= 1024 * 1025 // 2  # one head of 1,024 tokens is there at once


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("options", [{}, {"weighting": "value_norm"}, {"aggregate": "rollout"}])
def test_a_single_token_has_a_picture(options: dict[str, str]) -> None:
    trace = attention_trace(L, H=H, T=1)
    view = AttentionView(attention(trace, **options), trace, "special")  # type: ignore[arg-type]
    assert view.spec.header["causal"]
    assert view.spec.arrays["weights"].tolist() == [[255]] * len(view.spec.arrays["weights"])
    assert "single token" in view.spec.header["sentence"][0][1]

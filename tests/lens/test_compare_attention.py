"""Two traces' attention: weights when touched, exact differences, heads by total variation."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cutaway.core.errors import InvalidError, MissingError, UnknownError
from cutaway.lens.attention import attention
from cutaway.lens.attention_kind import read_attention_kind
from cutaway.lens.attention_memory import attention_memory
from cutaway.lens.compare import compare
from cutaway.lens.compare_attention import head_differences, total_variation

from .compared import HEADS, SOURCES, A, B, crossed_pair, pair, spoken, vocabulary
from .crossed import DECODED, crossed
from .crossed import HEADS as CROSSED


def dense(data: Any) -> np.ndarray:
    return data["weight"].values


def test_the_difference_equals_a_plain_loop_over_both() -> None:
    a, b = pair()
    data = compare(a, b, lens="attention", names=("she", "he"))
    alone = [attention(trace)["weight"].values for trace in (a, b)]
    slots = list(zip(data["query_a"].values, data["query_b"].values, strict=True))
    weight = dense(data)
    assert weight.shape == (3, 3, HEADS, len(B) + 0, len(B))
    for q, query in enumerate(slots):
        for k, key in enumerate(slots):
            sides = [
                np.full((3, HEADS), np.nan) if min(query[s], key[s]) < 0
                else alone[s][:, :, query[s], key[s]] for s in (0, 1)
            ]  # fmt: skip
            np.testing.assert_array_equal(weight[0, ..., q, k], sides[0])
            np.testing.assert_array_equal(weight[1, ..., q, k], sides[1])
            third = sides[1].astype(np.float32) - sides[0].astype(np.float32)
            np.testing.assert_array_equal(weight[2, ..., q, k], third)


@pytest.mark.parametrize(
    "key",
    [
        {"run": 2, "layer": 1, "head": 3},
        {"run": [2, 0], "layer": slice(1, 3), "query": 2},
        {"run": [0, 0, 2, 0], "layer": 1},
        {"head": [3, 1], "query": slice(2, 5), "key": -1},
        {"run": 0, "layer": 0, "head": 0, "query": 0, "key": [0, 4]},
    ],
)
def test_a_part_is_that_part_of_the_whole(key: Any) -> None:
    data = compare(*pair(), lens="attention")
    part = data["weight"].isel(key)
    np.testing.assert_array_equal(part.values, data.load()["weight"].isel(key).values)


def test_what_takes_too_much_is_refused_with_its_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    sides = pair()
    data = compare(*sides, lens="attention")
    slots, heads = data.sizes["query"], 3 * HEADS
    each = [attention_memory(read_attention_kind(trace, "self"), range(3)) for trace in sides]
    made = max(memory.of_heads(3) - memory.held for memory in each)
    need = 4 * heads * 3 * slots**2 + made + sum(memory.held for memory in each)
    monkeypatch.setenv("CUTAWAY_MEMORY", str((need - 1) / 1e9))
    with pytest.raises(MissingError, match=f"the weights of {heads} heads of two traces take"):
        data["weight"].compute()
    monkeypatch.setenv("CUTAWAY_MEMORY", str((need + 1) / 1e9))
    assert data["weight"].compute().shape[1:3] == (3, HEADS)


def test_one_head_of_one_run_asks_for_that_head_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = pair()
    asked: list[Any] = []
    own = type(a.source).attention

    def told(self: Any, trace: Any, layer: int, heads: Any) -> Any:
        asked.append((trace.n_positions, layer, tuple(heads)))
        return own(self, trace, layer, heads)

    monkeypatch.setattr(type(a.source), "attention", told)
    data = compare(a, b, lens="attention")
    assert asked == []
    data["weight"].sel(run="a", layer=1, head=2).values  # noqa: B018
    assert asked == [(len(A), 1, (2,))]
    data["weight"].sel(run="difference", layer=0, head=1).values  # noqa: B018
    assert sorted(asked[1:]) == [(len(A), 0, (1,)), (len(B), 0, (1,))]


def test_heads_are_ranked_by_mean_total_variation() -> None:
    a, b = pair()
    data = compare(a, b, lens="attention")
    found = head_differences(data)
    weight = dense(data)
    for layer in range(3):
        for head in range(HEADS):
            rows = []
            for query in range(len(B)):
                first, second = weight[:2, layer, head, query].astype(float)
                if np.isnan(first).all() or np.isnan(second).all():
                    assert np.isnan(found["row_variation"].values[layer, head, query])
                    continue
                gaps = [abs((y or 0) - (x or 0)) for x, y in np.nan_to_num([first, second]).T]
                rows.append(sum(gaps) / 2)
            cell = {"layer": layer, "head": head}
            assert found["variation"].sel(cell).item() == pytest.approx(np.mean(rows), abs=1e-6)
            assert found["largest"].sel(cell).item() == pytest.approx(np.max(rows), abs=1e-6)


def test_total_variation_is_1_for_disjoint_rows_and_counts_sinks() -> None:
    rows = np.array([[[0.25, 0.75, 0.0]], [[0.0, 0.0, 1.0]], [[0.1, 0.3, 0.0]]])
    assert total_variation(rows[0], rows[1]).item() == 1
    # 0.6 of the third row lies on a sink; 0.15 and 0.45 went there.
    assert total_variation(rows[0], rows[2]).item() == pytest.approx(0.6)
    absent = np.full((1, 3), np.nan)
    assert np.isnan(total_variation(rows[0], absent)).all()


def test_a_total_variation_taken_a_few_rows_at_a_time_is_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    a, b = np.random.default_rng(0).dirichlet(np.ones(4), (2, 3, 5))
    monkeypatch.setattr("cutaway.lens.compare_attention._WIDENED", 8)  # two rows of four
    np.testing.assert_allclose(total_variation(a, b), np.abs(a - b).sum(-1) / 2, atol=1e-12)


def test_layers_and_heads_keep_their_numbers() -> None:
    data = compare(*pair(), lens="attention", layers=[2, 0], heads=[3])
    whole = compare(*pair(), lens="attention")
    np.testing.assert_array_equal(
        data["weight"].sel(layer=2, head=3).values, whole["weight"].sel(layer=2, head=3).values
    )
    assert head_differences(data)["layer"].values.tolist() == [2, 0]


def test_models_of_another_shape_are_refused() -> None:
    a, b = pair()
    deep = spoken(B, vocabulary(A, B), seed=2, layers=4)
    few = replace(b, card=replace(b.card, heads=(2,) * 3))
    for other in (deep, few):
        with pytest.raises(InvalidError, match="equally many blocks and heads"):
            compare(a, other, lens="attention")


def test_cross_attention_equals_a_plain_loop_over_both_sides() -> None:
    a, b = crossed_pair()
    data = compare(a, b, lens="attention", kind="cross")
    alone = [crossed(trace)["weight"].values for trace in (a, b)]
    queries = list(zip(data["query_a"].values, data["query_b"].values, strict=True))
    keys = list(zip(data["key_a"].values, data["key_b"].values, strict=True))
    assert queries == [(i, i) for i in range(5)]
    assert keys[:2] == [(-1, 0), (0, 1)]
    assert data["key_input_a"].values.tolist()[4:6] == ["·march", "·20"]
    assert data["key_input_b"].values.tolist()[4:6] == ["·may", "·20"]
    weight = dense(data)
    assert weight.shape == (3, DECODED, CROSSED, 5, 8)
    for q, query in enumerate(queries):
        for k, key in enumerate(keys):
            first, second = (
                np.full((DECODED, CROSSED), np.nan) if min(query[s], key[s]) < 0
                else alone[s][:, :, query[s], key[s]] for s in (0, 1)
            )  # fmt: skip
            np.testing.assert_array_equal(weight[0, ..., q, k], first)
            np.testing.assert_array_equal(weight[1, ..., q, k], second)
            third = second.astype(np.float32) - first.astype(np.float32)
            np.testing.assert_array_equal(weight[2, ..., q, k], third)
    rows = np.abs(np.nan_to_num(weight[1]) - np.nan_to_num(weight[0])).sum(axis=-1) / 2
    np.testing.assert_allclose(head_differences(data)["variation"], rows.mean(axis=-1), atol=1e-6)
    assert "Tokens of the sources" in data.attrs["notes"]


def test_either_side_of_encoder_decoders_is_that_of_its_own_trace() -> None:
    a, b = crossed_pair()
    for kind, sides in (("encoder", (a.encoder, b.encoder)), ("decoder", (a, b))):
        data = compare(a, b, lens="attention", kind=kind)
        own = [attention(trace)["weight"].values for trace in sides]
        at = data["query_a"].values >= 0
        np.testing.assert_array_equal(dense(data)[0][..., at, :][..., at], own[0])
        at = data["query_b"].values >= 0
        np.testing.assert_array_equal(dense(data)[1][..., at, :][..., at], own[1])


def test_sources_that_share_nothing_are_refused_by_their_name() -> None:
    a, b = crossed_pair((SOURCES[0], ("nine", "eight")))
    with pytest.raises(InvalidError, match=r"pair of sources .* share a token"):
        compare(a, b, lens="attention", kind="cross")["weight"].sizes  # noqa: B018
    with pytest.raises(MissingError, match="no source"):
        compare(*pair(), lens="attention", kind="cross")
    with pytest.raises(UnknownError, match="kind of attention 'across'"):
        compare(a, b, lens="attention", kind="across")

"""The pictures of two texts: cross attention is never a triangle, shares are of both."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from cutaway.app.attention import AttentionView
from cutaway.core.errors import InvalidError
from cutaway.lens.alignment import alignment_of_attention, alignment_of_saliency
from cutaway.lens.saliency import saliency
from cutaway.render.figure import figure
from cutaway.render.table import table
from cutaway.render.text import text
from cutaway.view.attention import attention_head
from cutaway.view.kinds import spec_of
from cutaway.view.saliency import saliency_spec

from ..lens.crossed import DECODED, HEADS, SOURCE, TARGET, cross_trace, crossed

TRACE = cross_trace()
WEIGHTS = TRACE.source.crossed  # type: ignore[attr-defined]
T, S = len(TARGET), len(SOURCE)


def viewed(**options: object) -> AttentionView:
    return AttentionView(crossed(TRACE, **options), TRACE, "special")


def test_every_cell_of_every_head_is_there() -> None:
    spec = viewed().spec
    assert spec.header["stream"] == "cross"
    assert spec.header["inputs"] == list(TARGET)
    assert spec.header["keys"]["inputs"] == list(SOURCE)
    assert spec.header["causal"] is False
    assert spec.arrays["weights"].shape == (DECODED * HEADS, T * S)
    for layer in range(DECODED):
        for head in range(HEADS):
            levels = spec.arrays["weights"][spec.arrays["place"][layer, head]]
            kept = (levels.reshape(T, S) / 255.0) ** 2
            np.testing.assert_allclose(kept, WEIGHTS[layer, head], atol=0.004)
    assert spec.arrays["thumbnails"].shape == (DECODED, HEADS, T, S)


def test_weights_that_happen_to_lie_below_the_diagonal_are_no_triangle() -> None:
    below = np.tri(5, 5, dtype=np.float32)[None, None].repeat(DECODED, 0).repeat(HEADS, 1)
    trace = cross_trace(source=SOURCE[:5])
    trace.source.crossed = below / below.sum(-1, keepdims=True)  # type: ignore[attr-defined]
    spec = AttentionView(crossed(trace), trace, "special").spec
    assert spec.header["causal"] is False
    assert spec.arrays["weights"].shape[1] == 25


def test_a_head_that_is_asked_for_is_the_one_of_the_page() -> None:
    view = viewed()
    row = view.spec.arrays["place"][1, 2]
    asked = attention_head(view.data, 1, 2, causal=False)
    np.testing.assert_array_equal(asked, view.spec.arrays["weights"][row])


def test_it_says_who_points_and_what_the_end_takes() -> None:
    view = viewed()
    peak = view.figures["peak"].values
    layer, head = np.unravel_index(peak.argmax(), peak.shape)
    words = "".join(run for _, run in view.spec.header["sentence"])
    assert words.startswith(f"Head {head} of layer {layer} points most")
    assert "</s>" in words
    assert view.spec.header["opens_with"] == "peak"


def test_of_one_query_and_one_key_too() -> None:
    trace = cross_trace(source=("</s>",), target=("<s>",))
    spec = AttentionView(crossed(trace), trace, "special").spec
    assert spec.arrays["weights"].shape[1] == 1
    assert spec.header["causal"] is False


def test_the_alignment_names_the_largest_of_rows_and_columns() -> None:
    data = alignment_of_attention(crossed(TRACE))
    spec = spec_of(data)
    np.testing.assert_array_equal(spec.arrays["weight"], data["weight"].values)
    np.testing.assert_array_equal(spec.arrays["best"], data["best"].values)
    np.testing.assert_array_equal(spec.arrays["back"], data["back"].values - 1)  # targets from 1
    sharp = data["weight"].values.max(-1).mean(-1).argmax()
    assert spec.header["opens_with"] == sharp
    assert spec.header["layers"] == [0, 1]


def test_an_alignment_without_any_weight_says_so() -> None:
    data = alignment_of_attention(crossed(TRACE))
    nothing = data["weight"].copy(data=0 * data["weight"].values)  # older xarrays' * drops units
    empty = data.assign(weight=nothing, best=data["best"] * 0 - 1)
    assert "No source token" in "".join(run for _, run in spec_of(empty).header["sentence"])


def test_shares_of_two_texts_sum_to_one_and_are_told_together() -> None:
    spec = saliency_spec(saliency(TRACE))
    whole = np.nansum(spec.arrays["share"], axis=1) + spec.arrays["source_share"].sum(axis=1)
    np.testing.assert_allclose(whole, 1, rtol=1e-6)
    assert (spec.arrays["source_score"] < 0).all()  # signed
    assert spec.header["source"]["inputs"] == list(SOURCE)
    assert len(spec.header["source"]["words"]) == S
    row = table(spec).rows[0]  # the first target: the highest score is its own start token's
    assert row[2].startswith("<s> ")
    assert row[3].startswith("source </s> ")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["cross", "heads", "alignment", "shares", "saliency"])
def test_every_form_draws_it(kind: str) -> None:
    specs = {
        "cross": viewed().spec, "heads": viewed(opens="heads").spec,
        "alignment": spec_of(alignment_of_attention(crossed(TRACE))),
        "shares": spec_of(alignment_of_saliency(saliency(TRACE))),
        "saliency": saliency_spec(saliency(TRACE)),
    }  # fmt: skip
    spec = specs[kind]
    json.dumps(spec.header, allow_nan=False)
    assert figure(spec, "svg").startswith(b"<?xml")
    for written in (text(spec, 100), text(spec, None)):
        assert "·march" in written or kind == "cross" or kind == "heads"


def test_a_picture_too_large_is_refused() -> None:
    spec = spec_of(alignment_of_attention(crossed(TRACE)))
    arrays = dict(spec.arrays, weight=np.zeros((2, 4, 600), dtype=np.float32))
    with pytest.raises(InvalidError, match="512"):
        figure(replace(spec, arrays=arrays), "svg")

"""How large the pictures of attention are: what a notebook is sent, and what a page holds."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import cutaway as ct
from cutaway.lens.attention import attention
from cutaway.lens.heads import FIGURES, with_figures
from cutaway.trace.trace import Trace
from cutaway.view.attention import attention_spec
from cutaway.view.spec import Spec

from ..lens.fakes import FakeSource, fake_trace

MB = 1_000_000


class OneSquare(FakeSource):
    """Every head has the same random weights, which no packing makes small."""

    def __init__(self, T: int) -> None:
        scores = np.random.default_rng(0).exponential(size=(T, T)).astype(np.float32)
        scores *= np.tri(T, dtype=np.float32)
        self.square = scores / scores.sum(-1, keepdims=True)

    def attention(self, trace, layer, heads):  # type: ignore[no-untyped-def]
        return np.broadcast_to(self.square, (len(heads), *self.square.shape))


def wide_trace(L: int, H: int, T: int) -> Trace:
    bare = fake_trace([np.zeros((T, 0))] * L)
    card = replace(bare.card, heads=(H,) * L, kv_heads=(H,) * L)
    labels = tuple(f"·token{i}" for i in range(T))
    tokens = replace(bare.tokens, labels=labels)
    return replace(bare, card=card, tokens=tokens, source=OneSquare(T))  # type: ignore[arg-type]


def picture(L: int, H: int, T: int, *, live: bool) -> Spec:
    """With made-up figures: the real ones take a minute, and are as large."""
    data = attention(wide_trace(L, H, T))
    values = np.random.default_rng(1).random((L, H))
    figures = xr.Dataset(
        {n: (("layer", "head"), values, {"long_name": w, "units": "1"}) for n, w in FIGURES.items()}
    )
    figures.attrs["options"] = "{}"
    return attention_spec(with_figures(data, figures), live=live)


def sent(spec: Spec) -> int:
    """Bytes that a notebook is sent at first: the envelope and the arrays that are looked at."""
    return len(json.dumps(spec.to_json())) + len(spec.data())


@pytest.mark.slow
def test_a_notebook_is_sent_less_than_5_mb_of_1200_heads_at_1024_tokens() -> None:
    spec = picture(48, 25, 1024, live=True)
    later = sum(spec.arrays[name].nbytes for name in spec.later)
    assert sent(spec) + later < 5 * MB
    assert (spec.arrays["place"] >= 0).sum() >= 1  # the opening head is there


def test_what_is_sent_grows_with_the_tokens_and_not_with_their_square() -> None:
    small, large = (picture(1, 2, T, live=True) for T in (128, 512))
    assert sent(large) < 5 * sent(small)


@pytest.mark.slow
def test_a_page_of_every_head_at_512_tokens_is_at_most_30_mb(smol: ct.LM, tmp_path: Path) -> None:
    """Real weights: random ones would not pack as they do."""
    text = Path(__file__).parents[2].joinpath("docs", "trace-format.md").read_text("utf-8")
    ids = smol.tokenizer(text)["input_ids"][:512]
    assert len(ids) == 512
    view = ct.attention(smol.trace(ids))
    page = view.save(tmp_path / "page.html")
    assert (view.spec.arrays["place"] >= 0).all()
    assert page.stat().st_size < 30 * MB

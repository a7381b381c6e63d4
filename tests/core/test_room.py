"""Questions that would take more memory than is allowed are refused before anything is computed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cutaway.core.errors import InvalidError, MissingError
from cutaway.core.room import DEFAULT, allowed, check_room
from cutaway.lens.attention import attention
from cutaway.lens.firing import read_firing
from cutaway.lens.saliency_plan import plan
from cutaway.render.page import LARGEST, page
from cutaway.trace.source import Attribution
from cutaway.view.spec import Spec
from tests.view.test_attention_size import wide_trace


def test_what_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUTAWAY_MEMORY", raising=False)
    assert allowed() == DEFAULT == 8_000_000_000
    check_room("the rows", DEFAULT, "give fewer")
    with pytest.raises(MissingError, match=r"the rows take 8.1 GB, and 8 GB are allowed; give few"):
        check_room("the rows", 8_100_000_000, "give fewer")
    monkeypatch.setenv("CUTAWAY_MEMORY", "16.5")
    check_room("the rows", 16_500_000_000, "give fewer")
    for wrong in ("much", "-1", "0", "inf", "nan"):
        monkeypatch.setenv("CUTAWAY_MEMORY", wrong)
        with pytest.raises(InvalidError, match="a number of GB, such as 16"):
            allowed()


def test_all_weights_of_a_long_text_are_refused_with_their_bytes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("CUTAWAY_MEMORY", raising=False)
    weight = attention(wide_trace(30, 9, 4096))["weight"]
    told = r"the weights of 270 heads take 18.1 GB, and 8 GB are allowed; take them layer by layer"
    with pytest.raises(MissingError, match=told):
        _ = weight.values
    monkeypatch.setenv("CUTAWAY_MEMORY", "0.01")  # one row of one head is made from its square
    with pytest.raises(MissingError, match=r"the weights of 1 heads take 67.1 MB"):
        _ = weight[0, 0, 0].values


def test_rows_of_neurons_are_refused_before_they_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    trace = wide_trace(4, 1, 100)
    trace = replace(trace, card=replace(trace.card, neurons=(160,) * 4))
    monkeypatch.setenv("CUTAWAY_MEMORY", "0.0001")
    with pytest.raises(MissingError, match=r"the rows of the neurons take .* kB"):
        read_firing(trace, None, None, ())


def test_a_saliency_whose_graph_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the embedded model's shape 4,096 tokens have room, and 8,192 have not."""
    monkeypatch.delenv("CUTAWAY_MEMORY", raising=False)
    bare = wide_trace(30, 9, 8).card
    card = replace(bare, n_layers=30, width=576, neurons=(1536,) * 30)
    wanted = Attribution((4096,), (1,), "input_x_gradient")
    assert 5e9 < plan(card, 4096, wanted).nbytes - 4 * card.n_parameters < 8e9
    with pytest.raises(MissingError, match=r"the passes of this saliency take 1[12].* GB"):
        plan(card, 8192, replace(wanted, targets=(8192,)))


def test_a_page_that_is_too_large_is_refused_before_it_is_packed() -> None:
    weights = np.broadcast_to(np.zeros((1, 1), np.uint8), (LARGEST // 1000 + 1, 1000))
    spec = Spec("attention", {"title": "x"}, {"weight": weights}, later=("weight",))
    with pytest.raises(MissingError, match=r"its numbers take 1 GB, and a page may hold 1 GB"):
        page(spec)
    report = Spec("report", {"title": "x"}, sections={"attention": spec})
    with pytest.raises(MissingError, match="room for this page"):
        page(report)

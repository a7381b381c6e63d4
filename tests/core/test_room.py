"""Questions that would take more memory than is allowed are refused before anything is computed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from cutaway.core.errors import InvalidError, MissingError
from cutaway.core.room import DEFAULT, allowed, check_room
from cutaway.lens.attention import attention
from cutaway.lens.clusters import clusters
from cutaway.lens.compare import compare
from cutaway.lens.factors import factors
from cutaway.lens.heads import head_figures
from cutaway.lens.neurons import neurons
from cutaway.lens.saliency_plan import plan
from cutaway.render.page import LARGEST, page
from cutaway.trace.source import Attribution
from cutaway.trace.trace import Trace
from cutaway.view.spec import Spec
from tests.lens.fakes import fake_trace
from tests.view.test_attention_size import wide_trace


def test_what_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUTAWAY_MEMORY", raising=False)
    assert allowed() == DEFAULT == 8_000_000_000
    check_room("the rows", DEFAULT, "give fewer")
    with pytest.raises(MissingError, match=r"the rows take 8.1 GB, and 8 GB are allowed; give few"):
        check_room("the rows", 8_100_000_000, "give fewer")
    monkeypatch.setenv("CUTAWAY_MEMORY", "16.5")
    check_room("the rows", 16_500_000_000, "give fewer")
    for wrong in ("much", "-1", "0", "inf", "nan", "1e300"):
        monkeypatch.setenv("CUTAWAY_MEMORY", wrong)
        with pytest.raises(InvalidError, match="a number of GB, such as 16"):
            allowed()


def test_all_weights_of_a_long_text_are_refused_with_their_bytes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("CUTAWAY_MEMORY", raising=False)
    weight = attention(wide_trace(30, 9, 4096))["weight"]
    told = (
        r"the weights of 270 heads and their making take 18.7 GB, and 8 GB are allowed; take them "
        "layer by layer"
    )
    with pytest.raises(MissingError, match=told):
        _ = weight.values
    monkeypatch.setenv("CUTAWAY_MEMORY", "0.01")  # one row of one head is made from its square
    with pytest.raises(MissingError, match=r"the weights of 1 heads and their making take 268 MB"):
        _ = weight[0, 0, 0].values


LENSES: dict[str, Callable[[Trace], object]] = {
    "the rows of the neurons": lambda trace: factors(trace),
    "the activations of the neurons": lambda trace: neurons(trace),
    "the activations of the neurons and their patterns": lambda trace: clusters(trace),
    "the patterns of the neurons in both texts": lambda trace: compare(
        trace, trace, lens="clusters"
    ),
    "the figures of the heads": lambda trace: head_figures(trace),
}


@pytest.mark.parametrize("what", LENSES)
def test_what_is_too_much_is_refused_before_anything_is_asked(
    what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The source would answer with an error of its own."""
    trace = wide_trace(4, 1, 100)
    card = replace(trace.card, neurons=(160,) * 4)
    trace = replace(trace, card=card, materials={}, source=None)  # type: ignore[arg-type]
    monkeypatch.setenv("CUTAWAY_MEMORY", "0.0001")
    with pytest.raises(MissingError, match=rf"{what} take [\d.]+ [kM]B, and 100 kB are allowed"):
        LENSES[what](trace)


def test_both_answers_of_a_comparison_are_refused_before_they_are_put_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trace = fake_trace([np.ones((100, 160))] * 4)
    monkeypatch.setenv("CUTAWAY_MEMORY", "0.0006")  # one answer has 256 kB, all five 1.28 MB
    with pytest.raises(MissingError, match=r"both answers and their difference take 1\.28 MB"):
        compare(trace, trace, lens="neurons")


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

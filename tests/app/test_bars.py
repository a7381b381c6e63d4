"""Progress bars: there when it takes long, gone afterwards, and none where nobody looks."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

import cutaway as ct
from cutaway.app import api, bars
from cutaway.core.progress import show_with, steps, working
from tests.models import tiny


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def looked_at(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Where bars are drawn, after a tenth of a second instead of two; no fixture, for pytest has
    put its own stderr back when a test begins."""
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(bars, "DELAY", 0.1)
    monkeypatch.setattr(bars, "_BEAT", 0.02)
    return terminal


@pytest.fixture(autouse=True)
def shown() -> Iterator[None]:
    """As the verbs have it, during the test and after."""
    show_with(api.bar)
    yield
    show_with(api.bar)


def wait_for(terminal: Terminal, words: str) -> None:
    """Until the thread that draws is so far: it may have to import tqdm first."""
    end = time.monotonic() + 20
    while words not in terminal.getvalue():
        assert time.monotonic() < end, f"no {words!r} in {terminal.getvalue()!r}"
        time.sleep(0.01)


def shown_at_last(text: str) -> str:
    """The line of a terminal after all carriage returns."""
    return text.rpartition("\r")[2].strip()


def test_a_long_computation_has_a_bar_that_counts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = looked_at(monkeypatch)
    for number in steps(range(4), "reading"):
        if number == 3:
            wait_for(terminal, "3/4")
    drawn = terminal.getvalue()
    assert "reading:  75%" in drawn
    assert shown_at_last(drawn) == ""


def test_one_that_can_not_be_counted_shows_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = looked_at(monkeypatch)
    with working("factoring"):
        wait_for(terminal, "factoring: 00:0")
    assert shown_at_last(terminal.getvalue()) == ""


def test_a_quick_one_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = looked_at(monkeypatch)
    assert list(steps([5, 6], "reading")) == [5, 6]
    assert terminal.getvalue() == ""


def test_there_is_none_where_nobody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    monkeypatch.setattr(bars, "DELAY", 0.0)
    with working("factoring"):
        time.sleep(0.1)
    assert sys.stderr.getvalue() == ""  # type: ignore[attr-defined]


def test_an_interruption_passes_and_takes_the_bar_away(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = looked_at(monkeypatch)

    def interrupted() -> None:
        with working("factoring"):
            wait_for(terminal, "factoring")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert shown_at_last(terminal.getvalue()) == ""


def test_whoever_shows_is_told_of_every_step_of_every_long_question() -> None:
    told: dict[str, list[int]] = {}

    class Heard:
        def __init__(self, what: str, total: int) -> None:
            self.counted = told.setdefault(what, [0, 0])
            self.counted[1] += total

        def __enter__(self) -> Heard:
            return self

        def __exit__(self, *_: object) -> None: ...

        def __call__(self) -> None:
            self.counted[0] += 1

    show_with(Heard)
    lm = ct.wrap(*tiny("llama"))
    trace = lm.generate("The keys to the cabinet", max_new_tokens=3)
    view = ct.saliency(trace, method="integrated_gradients", targets=4, steps=6, spacing="even")
    view.check()
    ct.saliency(trace, targets=4)
    ct.saliency(trace, method="occlusion", targets=4)
    assert ct.attention(trace).spec.arrays["weights"].size
    assert ct.compare(trace, trace, lens="attention").spec.arrays["first"].size
    ct.logit_lens(trace)
    ct.factors(trace, n=2)
    ct.clusters(trace, n=2)
    ct.walk(trace)
    ct.explore(lm, "The").sample(2, max_new_tokens=2)
    uncounted = {what for what, (_, total) in told.items() if not total}
    assert uncounted == {"proving the parts", "proving every step", "factoring", "grouping neurons"}
    counted = {what: tuple(numbers) for what, numbers in told.items() if what not in uncounted}
    assert {what for what, (done, total) in counted.items() if done != total} <= {"drawing"}
    assert {
        "generating", "drawing", "reading texts", "unembedding", "differentiating", "integrating",
        "taking tokens out", "what each head does", "drawing heads", "packing heads",
        "how heads differ",
    } <= set(counted)  # fmt: skip


def test_marimo_shows_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """By step and not by a thread: marimo draws for the thread that runs the cell alone."""
    drawn: list[tuple[str, object]] = []

    class Drawn:
        def __init__(self, **how: object) -> None:
            drawn.append(("made", how))

        def __enter__(self) -> Drawn:
            return self

        def __exit__(self, *_: object) -> None:
            drawn.append(("gone", None))

        def update(self, increment: int = 1) -> None:
            drawn.append(("update", increment))

    module = SimpleNamespace(
        running_in_notebook=lambda: True, status=SimpleNamespace(progress_bar=Drawn)
    )
    monkeypatch.setitem(sys.modules, "marimo", module)
    monkeypatch.setattr(bars, "DELAY", 0.05)
    for number in steps(range(4), "reading"):
        time.sleep(0.1 if number == 1 else 0)
    how = {"title": "reading", "total": 4, "remove_on_exit": True}
    assert drawn == [("made", how), ("update", 2), ("update", 1), ("update", 1), ("gone", None)]
    assert list(steps([5, 6], "quickly")) == [5, 6]
    assert len(drawn) == 5

"""What the benchmarks keep: the page is made of the figures, and what got worse is said."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from benchmarks.promise import Figure, Seconds, interleaved, ratio
from benchmarks.record import RESULTS, Record, machine, read, recent, worse, write
from benchmarks.table import BESIDE, PAGE, table

FIGURE = Figure("time", 1.2, "x", 1.35, (1.1, 1.3), "it is slow")


def record(*figures: Figure) -> Record:
    return Record(figures, seconds=3.0, load=0.5)


def test_the_page_is_that_of_the_committed_figures() -> None:
    assert PAGE.read_text("utf-8") == table(), "type: python -m benchmarks.table"


def test_what_stands_beside_other_tools_was_measured() -> None:
    for name, wanted in BESIDE.items():
        named = {figure.name for row in read(name, RESULTS).values() for figure in row.figures}
        assert wanted.keys() <= named


def test_a_row_is_kept_beside_the_others(tmp_path: Path) -> None:
    rows = {"512": record(FIGURE), "64": record(replace(FIGURE, spread=None))}
    for name, one in rows.items():
        write("recording", name, one, tmp_path)
    kept = {name: replace(one, figures=list(one.figures)) for name, one in rows.items()}
    assert read("recording", tmp_path) == kept
    assert read("saliency", tmp_path) == {}


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (replace(FIGURE, value=1.39), False),  # within the committed spread of 0.2
        (replace(FIGURE, value=1.41), True),
        (replace(FIGURE, value=1.41, spread=(1.2, 1.6)), False),  # within its own
        (replace(FIGURE, value=1.0), False),
        (replace(FIGURE, value=1.41, bound=None), False),  # nothing is promised of it
        (replace(FIGURE, value=1.41, name="another"), False),
    ],
)
def test_what_got_worse_by_more_than_its_spread_is_said(now: Figure, said: bool) -> None:
    words = list(worse(record(now), record(FIGURE)))
    assert bool(words) == said
    assert list(worse(record(now), None)) == []


def test_figures_measured_once_may_vary_by_a_twentieth() -> None:
    before = record(Figure("page", 10.0, "MB", 30))
    assert not list(worse(record(Figure("page", 10.4, "MB", 30)), before))
    assert list(worse(record(Figure("page", 10.6, "MB", 30)), before)) == [
        "page: 10 was committed, now 10.6"
    ]


def test_what_was_just_measured_here_is_left_out_by_resume() -> None:
    now = record(FIGURE)
    long_ago = (datetime.now() - timedelta(hours=4)).isoformat(timespec="minutes")
    assert recent(now)
    assert not recent(replace(now, when=long_ago))
    assert not recent(replace(now, machine={**machine(), "torch": "1.0"}))
    assert not recent(None)


def test_the_page_says_what_is_not_met_and_why(tmp_path: Path) -> None:
    broken = replace(FIGURE, value=1.5)
    write("saliency", "16", record(FIGURE, replace(broken, name="other")), tmp_path)
    (tmp_path / "faithfulness.json").write_text(json.dumps({"a prompt": {}}), "utf-8")
    page = table(tmp_path)
    assert "1 of 2 promised figures are met." in page
    assert "| Saliency | other | at most 1.35 x | 1.5 x (1.1 to 1.3) | it is slow |" in page
    assert "| time | 1.2 x | 1.1 to 1.3 | at most 1.35 | met |" in page
    assert "| other | 1.5 x | 1.1 to 1.3 | at most 1.35 | **not met** |" in page


def test_a_ratio_is_the_median_over_the_rounds() -> None:
    ours, theirs = iter([1.0, 4.0, 2.0]), iter([2.0, 2.0, 2.0])
    times = interleaved(
        {"ours": lambda: Seconds(next(ours), 0), "theirs": lambda: Seconds(next(theirs), 0)}, 3
    )
    found = ratio("a", times["ours"], times["theirs"], times=2)
    assert (found.value, found.spread) == (0.5, (0.25, 1.0))

"""The verbs of neurons and of the race on a model: live, saved, and on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import cutaway as ct
from cutaway.app.cli import main

VERBS: dict[str, Callable[[ct.Trace], ct.View]] = {
    "neurons": ct.neurons,
    "clusters": lambda trace: ct.clusters(trace, n=3),
    "factors": lambda trace: ct.factors(trace, n=2),
}


@pytest.fixture(scope="module")
def said(tiny_lm: ct.LM) -> ct.Trace:
    return tiny_lm.generate([5, 6, 7, 8], max_new_tokens=5)


@pytest.mark.parametrize("verb", VERBS)
def test_a_kept_trace_answers_the_same_as_a_replayed_one(
    tiny_lm: ct.LM, said: ct.Trace, tmp_path: Path, verb: str
) -> None:
    kept = tiny_lm.trace(list(said.token_ids), keep="neurons")
    stored = ct.open(kept.save(tmp_path / "kept.trace"))
    live, read = VERBS[verb](said).data, VERBS[verb](stored).data
    for name in live.data_vars:
        np.testing.assert_array_equal(live[name].values, read[name].values)


@pytest.mark.parametrize("verb", VERBS)
def test_a_saved_trace_without_neurons_says_what_to_keep(
    said: ct.Trace, tmp_path: Path, verb: str
) -> None:
    stored = ct.open(said.save(tmp_path / "bare.trace"))
    with pytest.raises(ct.CutawayError, match="keep='neurons'"):
        VERBS[verb](stored)


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("suffix", ["html", "svg", "png", "json", "csv", "nc"])
def test_every_form_is_written(said: ct.Trace, tmp_path: Path, verb: str, suffix: str) -> None:
    path = VERBS[verb](said).save(tmp_path / f"view.{suffix}")
    assert path.stat().st_size > 500


def test_the_race_of_the_final_top_token_ends_at_rank_1(said: ct.Trace) -> None:
    top = int(ct.predictions(said, k=1).data["token_id"][-1, 0])
    data = ct.watch(said, [top, (top + 1) % 100]).data
    assert int(data["rank"][-1, 0]) == 1
    lens = ct.logit_lens(said, k=1).data
    np.testing.assert_array_equal(data["rank"].values[:, 0], lens["rank"].values[:, -1])


def test_pairs_read_each_trace_at_its_own_end(tiny_lm: ct.LM) -> None:
    traces = tiny_lm.trace([[5, 6, 7], [8, 9, 10, 11]])
    data = ct.pairs(traces, [3, 4]).data
    assert data["at"].values.tolist() == [2, 3]
    for run, trace in enumerate(traces):
        alone = ct.watch(trace, [3, 4]).data
        np.testing.assert_array_equal(data["rank"].values[run], alone["rank"].values)


def test_the_command_line_answers_a_saved_trace(
    tiny_lm: ct.LM, said: ct.Trace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tiny_lm.trace(list(said.token_ids), keep="neurons").save(tmp_path / "kept.trace")
    page = tmp_path / "factors.html"
    with pytest.raises(SystemExit) as end:
        main(["factors", str(kept), "--n", "2", "--exclude", "0", "--html", str(page), "--json"])
    assert not end.value.code
    numbers = json.loads(capsys.readouterr().out)
    assert numbers["coords"]["factor"]["values"][0][0] is None
    assert "<!doctype html>" in page.read_text()


def test_the_command_line_names_what_is_wrong(
    said: ct.Trace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = said.save(tmp_path / "bare.trace")
    for arguments, words in (
        (["neurons", str(path)], "keep='neurons'"),
        (["watch", str(path), "--token", " is"], "tokenizer"),
        (["clusters", str(path), "--layers", "first"], "layers 'first'"),
    ):
        with pytest.raises(SystemExit) as end:
            main(arguments)
        assert end.value.code == 2
        said_there = capsys.readouterr().err
        assert words in said_there
        assert len(said_there.splitlines()) <= 2

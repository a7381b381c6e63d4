"""The verb of comparison: two traces in, both answers, every form, words for what is refused."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

import cutaway as ct
from cutaway.app.cli import main
from cutaway.app.compare import CompareView
from tests.lens.compared import crossed_pair, routed_pair

A, B = [5, 6, 7, 8, 5, 6, 7], [5, 6, 9, 8, 5, 6, 7, 4]


@pytest.fixture(scope="module")
def traces(tiny_lm: ct.LM) -> tuple[ct.Trace, ct.Trace]:
    return tiny_lm.trace(A), tiny_lm.trace(B)


def test_the_runs_are_those_of_attention_alone(traces: tuple[ct.Trace, ct.Trace]) -> None:
    found = ct.compare(*traces, lens="attention").data["weight"]
    first, second = (ct.attention(trace).data["weight"] for trace in traces)
    T = len(A)
    part = found.isel(query=slice(0, T), key=slice(0, T)).values
    np.testing.assert_array_equal(part[0], first.values)
    np.testing.assert_array_equal(part[1], second.values[..., :T, :T])
    np.testing.assert_array_equal(part[2], part[1] - part[0])
    assert np.isnan(found.values[0, ..., T, :]).all()


def test_before_the_first_change_two_runs_of_one_model_are_alike(
    traces: tuple[ct.Trace, ct.Trace],
) -> None:
    data = ct.compare(*traces).data
    assert np.abs(data["entropy"].sel(run="difference", position=[0, 1])).max() < 1e-4
    assert data["state_distance"].sel(position=[0, 1]).max() < 1e-5
    assert data["state_distance"].sel(position=3).max() > 1e-3


@pytest.mark.parametrize("lens", ["attention", "logit_lens"])
@pytest.mark.parametrize("suffix", ["html", "svg", "png", "json", "csv", "nc"])
def test_every_form_is_written(
    traces: tuple[ct.Trace, ct.Trace], tmp_path: Path, lens: str, suffix: str
) -> None:
    path = ct.compare(*traces, lens=lens).save(tmp_path / f"view.{suffix}")
    assert path.stat().st_size > 500


def test_files_of_attention_hold_the_figures_of_heads(
    traces: tuple[ct.Trace, ct.Trace], tmp_path: Path
) -> None:
    view = ct.compare(*traces, lens="attention")
    assert isinstance(view, CompareView)
    rows = list(csv.DictReader(view.save(tmp_path / "heads.csv").read_text().splitlines()))
    assert [float(row["variation"]) for row in rows] == pytest.approx(
        view.figures["variation"].values.ravel().tolist()
    )
    written = json.loads(view.save(tmp_path / "heads.json").read_text())
    assert set(written["data"]) == {"variation", "largest", "row_variation"}
    assert written["attrs"]["other_run"]["prompt"] == B


def test_a_notebook_asks_for_the_heads_it_has_not(traces: tuple[ct.Trace, ct.Trace]) -> None:
    view = ct.compare(*traces, lens="attention", layers=[2, 0])
    assert isinstance(view, CompareView)
    spec = view._live_spec
    for layer, head in ((2, 1), (0, 3)):
        answer = view.answer({"what": "head", "layer": layer, "head": head})
        row = spec.arrays["place"][[2, 0].index(layer), head]
        np.testing.assert_array_equal(answer[0], spec.arrays["first"][row])
        np.testing.assert_array_equal(answer[1], spec.arrays["second"][row])
    with pytest.raises(ct.CutawayError, match="unknown layer 1; known: 2, 0"):
        view.answer({"what": "head", "layer": 1, "head": 0})
    with pytest.raises(ct.CutawayError, match="question 'heads'"):
        view.answer({"what": "heads"})
    assert ct.compare(*traces).answer is None


def test_saved_traces_that_kept_the_lens_are_compared_without_a_model(
    tiny_lm: ct.LM, tmp_path: Path
) -> None:
    paths = [tiny_lm.trace(ids, keep="lens").save(tmp_path / f"{len(ids)}.trace") for ids in (A, B)]
    stored = ct.compare(*map(ct.open, paths)).data
    live = ct.compare(*(tiny_lm.trace(ids) for ids in (A, B))).data
    np.testing.assert_allclose(stored["entropy"], live["entropy"], atol=1e-5)
    np.testing.assert_array_equal(stored["same_top"], live["same_top"])


def test_two_models_stand_in_the_header_with_their_names(
    traces: tuple[ct.Trace, ct.Trace],
) -> None:
    from tests.models import tiny

    other = ct.wrap(*tiny("gpt2")).trace(A)
    header = ct.compare(traces[0], other, names=("llama", "gpt")).spec.header
    rows = dict(header["provenance"])
    assert rows["model"] == traces[0].card.name
    assert rows["model (gpt)"] == other.card.name
    assert rows["architecture (llama)"] != rows["architecture (gpt)"]
    assert any("two versions of one model" in note for note in header["notes"])


def test_the_command_line_compares_files_and_names_what_is_wrong(
    traces: tuple[ct.Trace, ct.Trace], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a, b = (str(t.save(tmp_path / f"{len(t.token_ids)}.trace")) for t in traces)
    for arguments, words in (
        ([a, b, "--lens", "anatomy"], "known: 'logit_lens'"),
        ([a, b, "--heads", "3"], "option of logit_lens 'heads'"),
        ([a, b, "--names", "she"], "two different texts"),
        ([a], "--model-b"),
        ([a, b, "--lens", "attention"], "model"),
    ):
        with pytest.raises(SystemExit) as end:
            main(["compare", *arguments])
        assert end.value.code == 2
        said = capsys.readouterr().err
        assert words in said
        assert len(said.splitlines()) <= 2
    neurons = [str(tmp_path / "n.csv")]
    with pytest.raises(SystemExit) as end:
        main(["compare", a, b, "--lens", "neurons", "--layers", "0", "--csv", *neurons])
    assert end.value.code == 2  # the traces kept no neurons
    assert "keep='neurons'" in capsys.readouterr().err


def test_another_model_reads_the_same_prompt(
    tiny_lm: ct.LM, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from cutaway.app.options import ModelChoice
    from tests.models import tiny

    other = ct.wrap(*tiny("gpt2"))
    asked: list[str | None] = []

    def load(choice: ModelChoice) -> ct.LM:
        asked.append(choice.model)
        return other if choice.model == "other" else tiny_lm

    monkeypatch.setattr(ModelChoice, "load", load)
    with pytest.raises(SystemExit) as end:
        main(["compare", "The key", "--model-b", "other", "--json"])
    assert not end.value.code
    written = json.loads(capsys.readouterr().out)
    assert written["attrs"]["model"]["name"] == tiny_lm.card.name
    assert written["attrs"]["other_model"]["name"] == other.card.name
    assert asked == [None, "other"]
    with pytest.raises(SystemExit):
        main(["compare", "The key", "The keys", "--json"])
    assert asked[2:] == [None]  # one model is loaded once


def test_the_calls_of_both_texts_are_held(tiny_lm: ct.LM, monkeypatch: pytest.MonkeyPatch) -> None:
    """A comparison goes to and fro between two texts: each is run once, not once a layer."""
    from cutaway.model import live_source

    runs: list[tuple[int, ...]] = []
    own = live_source.Attention

    def counted(model: object, anatomy: object, token_ids: tuple[int, ...], *how: None) -> object:
        runs.append(tuple(token_ids))
        return own(model, anatomy, token_ids, *how)  # type: ignore[arg-type]

    monkeypatch.setattr(live_source, "Attention", counted)
    first, second = tiny_lm.trace([9, 8, 7]), tiny_lm.trace([9, 8, 6])
    view = ct.compare(first, second, lens="attention")
    assert isinstance(view, CompareView)
    assert view.figures["variation"].shape == (4, 4)
    assert sorted(runs) == [(9, 8, 6), (9, 8, 7)]


def test_files_of_experts_have_a_row_for_each_cell(tmp_path: Path) -> None:
    view = ct.compare(*routed_pair(), lens="experts", names=("she", "he"))
    rows = list(csv.DictReader(view.save(tmp_path / "experts.csv").read_text("utf-8").splitlines()))
    assert len(rows) == view.data.sizes["layer"] * view.data.sizes["position"]
    told = [float(row["variation"] or "nan") for row in rows]
    np.testing.assert_allclose(told, view.data["variation"].values.ravel(), rtol=1e-6)
    written = json.loads(view.save(tmp_path / "experts.json").read_text("utf-8"))
    assert {"weight", "probability", "load", "shared", "rerouted"} <= set(written["data"])
    assert written["coords"]["scores"]["values"] == ["softmax"] * 3
    for suffix in ("html", "svg", "png", "nc"):
        assert view.save(tmp_path / f"experts.{suffix}").stat().st_size > 500


def test_cross_attention_of_two_traces_answers_for_its_heads() -> None:
    view = ct.compare(*crossed_pair(), lens="attention", kind="cross")
    assert isinstance(view, CompareView)
    answer = view.answer({"what": "head", "layer": 1, "head": 3})
    row = view._live_spec.arrays["place"][1, 3]
    np.testing.assert_array_equal(answer[0], view._live_spec.arrays["first"][row])
    assert answer.shape == (2, view.data.sizes["query"] * view.data.sizes["key"])

"""The verb of attention: weights when touched, figures when asked, files of figures only."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch

import cutaway as ct
from cutaway.app.cli import main

IDS = [5, 6, 7, 8, 5, 6, 7]


@pytest.fixture(scope="module")
def read(tiny_lm: ct.LM) -> ct.Trace:
    return tiny_lm.trace(IDS)


def test_the_weights_are_those_of_eager_attention(tiny_lm: ct.LM, read: ct.Trace) -> None:
    model = tiny_lm.model
    before = model.config._attn_implementation
    model.set_attn_implementation("eager")
    try:
        with torch.inference_mode():
            eager = model(torch.tensor([IDS]), output_attentions=True).attentions
    finally:
        model.set_attn_implementation(before)
    found = ct.attention(read).data["weight"]
    for layer, weights in enumerate(eager):
        np.testing.assert_allclose(found[layer].values, weights[0].numpy(), atol=1e-5)


def test_layers_and_heads_keep_their_numbers_in_weights_and_figures(read: ct.Trace) -> None:
    whole = ct.attention(read)
    part = ct.attention(read, layers=[3, 1], heads=[2])
    for layer in (3, 1):
        np.testing.assert_array_equal(
            part.data["weight"].sel(layer=layer, head=2),
            whole.data["weight"].sel(layer=layer, head=2),
        )
        assert part.figures["first"].sel(layer=layer, head=2) == pytest.approx(
            whole.figures["first"].sel(layer=layer, head=2).item()
        )
    assert part.spec.header["layers"] == [3, 1]
    assert part.spec.header["heads"] == [2]


def test_the_chosen_set_of_tokens_is_counted(read: ct.Trace) -> None:
    label = read.tokens.texts[1]
    found = ct.attention(read, tokens=[label]).figures["chosen"].sel(layer=0, head=1).item()
    weights = ct.attention(read).data["weight"].sel(layer=0, head=1).values
    picked = [i for i, text in enumerate(read.tokens.texts) if text.strip() == label.strip()]
    assert found == pytest.approx(weights[1:, picked].sum(-1).mean(), abs=1e-6)
    with pytest.raises(ct.CutawayError, match="verbs"):
        ct.attention(read, tokens="verbs")


@pytest.mark.parametrize("suffix", ["html", "svg", "png", "json", "csv", "nc"])
def test_every_form_is_written(read: ct.Trace, tmp_path: Path, suffix: str) -> None:
    path = ct.attention(read, layers=[0, 1]).save(tmp_path / f"view.{suffix}")
    assert path.stat().st_size > 500


def test_files_of_numbers_hold_the_figures_and_no_weights(read: ct.Trace, tmp_path: Path) -> None:
    view = ct.attention(read)
    rows = list(csv.DictReader(view.save(tmp_path / "heads.csv").read_text().splitlines()))
    sizes = view.data.sizes
    assert len(rows) == sizes["layer"] * sizes["head"]
    assert float(rows[5]["first"]) == pytest.approx(view.figures["first"].values.ravel()[5])
    written = json.loads(view.save(tmp_path / "heads.json").read_text())
    assert set(written["data"]) == set(view.figures.data_vars)
    assert written["attrs"]["options"]["tokens"] == "special"


def test_a_saved_trace_says_that_it_needs_its_model(read: ct.Trace, tmp_path: Path) -> None:
    stored = ct.open(read.save(tmp_path / "read.trace"))
    view = ct.attention(stored)
    with pytest.raises(ct.CutawayError, match="model"):
        view.data["weight"].sel(layer=0, head=0).values  # noqa: B018
    with pytest.raises(ct.CutawayError, match="model"):
        view.save(tmp_path / "attention.html")


def test_a_model_without_attention_is_refused() -> None:
    from tests.models import tiny

    lm = ct.wrap(*tiny("mamba"))
    with pytest.raises(ct.CutawayError, match="attention interface"):
        ct.attention(lm.trace(IDS))


def test_the_command_line_names_what_is_wrong(
    read: ct.Trace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(read.save(tmp_path / "read.trace"))
    for arguments, words in (
        ([path, "--layers", "first"], "layers 'first'"),
        ([path, "--layers", "0:2"], "a list"),
        ([path, "--heads", "99"], "head 99"),
        ([path, "--tokens", "re:("], "regular expression"),
        ([path], "model"),
    ):
        with pytest.raises(SystemExit) as end:
            main(["attention", *arguments])
        assert end.value.code == 2
        said = capsys.readouterr().err
        assert words in said
        assert len(said.splitlines()) <= 2

"""The verb of attention: weights when touched, figures when asked, files of figures only."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

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


def test_norms_are_those_of_the_models_own_projections(tiny_lm: ct.LM, read: ct.Trace) -> None:
    """From v_proj and o_proj themselves, as a pass of the model meets them."""
    values: dict[int, torch.Tensor] = {}
    blocks = tiny_lm.model.model.layers
    hooks = [
        block.self_attn.v_proj.register_forward_hook(
            lambda module, given, answer, layer=layer: values.update({layer: answer[0]})
        )
        for layer, block in enumerate(blocks)
    ]
    with torch.no_grad():
        tiny_lm.model(torch.tensor([IDS]))
    for hook in hooks:
        hook.remove()
    weights = ct.attention(read).data["weight"]
    carried = ct.attention(read, weighting="value_norm").data["weight"]
    wrote = ct.attention(read, weighting="output_norm").data["weight"]
    groups = weights["group"].values
    for layer, block in enumerate(blocks):
        d = block.self_attn.head_dim
        for head, group in enumerate(groups):
            value = values[layer][:, group * d : (group + 1) * d]  # (T, d)
            out = value @ block.self_attn.o_proj.weight[:, head * d : (head + 1) * d].T
            for found, vectors in ((carried, value), (wrote, out)):
                expected = weights[layer, head].values * vectors.detach().norm(dim=-1).numpy()
                np.testing.assert_allclose(found[layer, head], expected, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("aggregate", ["mean", "max", "rollout"])
def test_an_aggregate_has_figures_by_layer(read: ct.Trace, aggregate: str, tmp_path: Path) -> None:
    view = ct.attention(read, aggregate=aggregate)
    assert view.data["weight"].dims == ("layer", "query", "key")
    assert view.figures["entropy"].dims == ("layer",)
    rows = list(csv.DictReader(view.save(tmp_path / "layers.csv").read_text().splitlines()))
    assert len(rows) == view.data.sizes["layer"]
    for suffix in ("html", "png"):
        assert view.save(tmp_path / f"view.{suffix}").stat().st_size > 500


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
    with pytest.raises(ct.CutawayError, match="weighs its tokens against each other"):
        ct.attention(lm.trace(IDS))


def spec_in(page: Path) -> dict[str, Any]:
    """The envelope of a saved page."""
    found = re.search(r'id="cutaway-spec"[^>]*>(.*?)</script>', page.read_text("utf-8"), re.S)
    assert found
    envelope: dict[str, Any] = json.loads(found[1])
    return envelope


def test_the_command_line_asks_what_python_asks(
    tiny_lm: ct.LM, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trace = tiny_lm.trace(IDS, keep="attention")
    path, out = str(trace.save(tmp_path / "kept.trace")), tmp_path / "out.html"
    arguments = [
        "--view", "heads", "--layer", "1", "--heads", "3,0", "--weighting", "value_norm",
        "--split", "4", "--html", str(out),
    ]  # fmt: skip
    with pytest.raises(SystemExit) as end:
        main(["attention", path, *arguments])
    assert not end.value.code
    said = capsys.readouterr().out
    view = ct.attention(
        trace, layers=1, heads=[3, 0], weighting="value_norm", split=4, opens="heads"
    )
    header = spec_in(out)["header"]
    for name in ("layers", "heads", "opens", "weighting", "split", "parts", "aggregate", "about"):
        assert header[name] == view.spec.header[name]
    assert "of plain weights" in said
    with pytest.raises(SystemExit) as end:
        main(["attention", path, "--aggregate", "rollout"])
    assert not end.value.code
    assert "of rows of the rollout" in capsys.readouterr().out


def test_the_command_line_names_what_is_wrong(
    read: ct.Trace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(read.save(tmp_path / "read.trace"))
    for arguments, words in (
        ([path, "--layers", "first"], "layers 'first'"),
        ([path, "--layers", "0:2"], "a list"),
        ([path, "--heads", "99"], "head 99"),
        ([path, "--tokens", "re:("], "regular expression"),
        ([path, "--view", "neurons"], "'model', 'heads'"),
        ([path, "--layer", "0", "--layers", "1"], "not both"),
        ([path, "--weighting", "norm"], "value_norm"),
        ([path, "--carry", "keys"], "queries"),
        ([path, "--aggregate", "sum"], "rollout"),
        ([path, "--split", "0"], "after the first"),
        ([path], "model"),
    ):
        with pytest.raises(SystemExit) as end:
            main(["attention", *arguments])
        assert end.value.code == 2
        said = capsys.readouterr().err
        assert words in said
        assert len(said.splitlines()) <= 2

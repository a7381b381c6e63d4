"""The neuron view in the user's hands: its numbers are those of the model's eager attention."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import cutaway as ct
from cutaway.app.cli import main
from tests.models import tiny

IDS = [5, 6, 7, 8, 5, 6, 7]


def run_eagerly(lm: ct.LM, ids: list[int]) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """By layer: (H, T, T) the weights, and (T, H * dv) what enters the output projection."""
    model = lm.model
    entered: list[np.ndarray] = []
    hooks = [
        module.register_forward_pre_hook(lambda _, given: entered.append(given[0][0].numpy()))
        for name, module in model.named_modules()
        if name.endswith("o_proj")
    ]
    before = model.config._attn_implementation
    model.set_attn_implementation("eager")
    try:
        with torch.inference_mode():
            found = model(torch.tensor([ids]), output_attentions=True).attentions
    finally:
        model.set_attn_implementation(before)
        for hook in hooks:
            hook.remove()
    return [weights[0].numpy() for weights in found], entered


def agrees(lm: ct.LM, ids: list[int], heads: list[tuple[int, int, int]]) -> None:
    weights, entered = run_eagerly(lm, ids)
    view = ct.attention(lm.trace(ids))
    for layer, head, at in heads:
        data = view.neuron(layer, head, at).data
        np.testing.assert_allclose(data["weight"], weights[layer][head, at], atol=1e-5)
        exps = np.exp(data["score"].astype(float) - data["score"].max().item())
        np.testing.assert_allclose((exps / exps.sum()).fillna(0), data["weight"], atol=1e-6)
        product = data["product"].sum("neuron", skipna=False).values
        np.testing.assert_allclose(product, data["dot"].values, rtol=1e-4, atol=1e-4)
        size = data.attrs["value_size"]
        written = entered[layer][at].reshape(-1, size)[head]
        scale = np.abs(entered[layer]).max()
        np.testing.assert_allclose(data["output"], written, atol=1e-5 * scale)
        np.testing.assert_allclose(
            (data["weight"] * data["value_vector"]).sum("key"), data["output"], atol=1e-5 * scale
        )


def test_weights_and_outputs_are_those_of_eager_attention(tiny_lm: ct.LM) -> None:
    agrees(tiny_lm, IDS, [(0, 0, 0), (1, 3, 4), (3, 2, -1)])


@pytest.mark.slow
def test_so_they_are_on_the_default_model(smol: ct.LM) -> None:
    ids = smol.trace("The animal didn't cross the street because it was too tired.").token_ids
    agrees(smol, list(ids) * 4, [(0, 8, -1), (16, 0, 30), (29, 4, 7)])


#: What shapes the weights of a family, besides scale and causal mask.
SHAPES = {
    "gpt2": set(),
    "gemma2": {"cap", "window", "layout"},
    "gpt_oss": {"sink", "window", "layout"},
    "cohere": {"layout"},  # interleaved
    "deepseek_v3": set(),  # keys are longer than values
}


@pytest.mark.slow
@pytest.mark.parametrize("family", SHAPES)
def test_so_they_are_in_families_with_caps_windows_and_sinks(family: str) -> None:
    lm = ct.wrap(*tiny(family))
    ids = [*IDS, 9, 10]
    weights, _ = run_eagerly(lm, ids)
    view = ct.attention(lm.trace(ids))
    found = set()
    for layer in view.data["layer"].values.tolist():
        neuron = view.neuron(layer, 1, -1)
        np.testing.assert_allclose(neuron.data["weight"], weights[layer][1, -1], atol=1e-5)
        header = neuron.spec.header
        found |= {name for name in ("cap", "window", "sink", "layout") if header[name] is not None}
        whole = neuron.data["weight"].sum() + neuron.data["sink_weight"]
        assert whole == pytest.approx(1, abs=1e-5)
    assert found == SHAPES[family]


def test_a_family_without_queries_and_keys_to_show_is_refused() -> None:
    lm = ct.wrap(*tiny("bloom"))
    with pytest.raises(ct.CutawayError, match="queries and keys"):
        ct.attention(lm.trace(IDS)).neuron(0, 1)


def test_what_is_not_said_is_the_head_that_leads(tiny_lm: ct.LM) -> None:
    view = ct.attention(tiny_lm.trace(IDS))
    induction = view.figures["induction"]
    place = [int(i) for i in np.unravel_index(int(induction.values.argmax()), induction.shape)]
    data = view.neuron().data
    assert [int(data["layer"]), int(data["head"]), int(data["query"])] == [*place, len(IDS) - 1]
    data = view.neuron(layer=2).data
    assert (int(data["layer"]), int(data["head"])) == (2, int(induction[2].values.argmax()))
    data = ct.attention(tiny_lm.trace([5, 6, 7]), heads=[3, 1]).neuron(layer=1).data
    assert int(data["head"]) in (1, 3)
    data = ct.attention(tiny_lm.trace(IDS), aggregate="mean").neuron(head=1).data
    assert int(data["head"]) == 1


@pytest.mark.parametrize("suffix", ["html", "svg", "png", "json", "csv", "nc"])
def test_every_form_is_written(tiny_lm: ct.LM, tmp_path: Path, suffix: str) -> None:
    view = ct.attention(tiny_lm.trace(IDS)).neuron(1, 2, -1)
    assert view.save(tmp_path / f"view.{suffix}").stat().st_size > 500


def test_the_table_of_numbers_has_a_row_for_each_product(tiny_lm: ct.LM, tmp_path: Path) -> None:
    view = ct.attention(tiny_lm.trace(IDS)).neuron(1, 2, -1)
    lines = view.save(tmp_path / "neuron.csv").read_text().splitlines()
    assert len(lines) == 1 + view.data["product"].size
    names = lines[0].split(",")
    assert {"key", "neuron", "product", "query_vector", "weight", "scale"} <= set(names)


def test_what_is_not_there_is_named(tiny_lm: ct.LM) -> None:
    view = ct.attention(tiny_lm.trace(IDS))
    for place, words in (((9, 0, 0), "layer 9"), ((0, 99, 0), "head 99"), ((0, 0, 7), "at 7")):
        with pytest.raises(ct.CutawayError, match=words):
            view.neuron(*place)


def test_the_command_line_shows_one_head_and_names_what_does_not_go_with_it(
    tiny_lm: ct.LM, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(tiny_lm.trace(IDS, keep="attention").save(tmp_path / "read.trace"))
    given = [path, "--view", "neuron", "--layer", "1", "--head", "2", "--at", "4"]
    with pytest.raises(SystemExit) as end:
        main(["attention", *given])
    assert not end.value.code
    assert "How head 2 of layer 1 came by its weights" in capsys.readouterr().out
    for wrong in (["--at", "4"], ["--view", "neuron", "--aggregate", "mean"]):
        with pytest.raises(SystemExit) as end:
            main(["attention", path, *wrong])
        assert end.value.code == 2
        assert wrong[-2].removeprefix("--") in capsys.readouterr().err

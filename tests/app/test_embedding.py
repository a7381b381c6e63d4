"""ct.embed: vectors are the pooled states of one text read alone, and what is read from them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import BertModel

import cutaway as ct
from cutaway.core.errors import InvalidError, UnknownError
from cutaway.model.embed import POOLINGS, pooling_config
from tests.models import tiny

TEXTS = ["The keys to the cabinet", "1, 1, 2, 3, 5", "Rome", "Paris", "The capital of Italy"]


@pytest.fixture(scope="module", params=["llama", "masked bert"])
def lm(request: pytest.FixtureRequest) -> Any:
    return ct.wrap(*tiny(request.param))


def alone(lm: Any, text: str) -> torch.Tensor:
    ids = torch.tensor([lm.trace(text).token_ids])
    with torch.no_grad():
        return lm.model.base_model(ids).last_hidden_state[0]  # type: ignore[no-any-return]


@pytest.mark.parametrize("pooling", POOLINGS)
def test_a_vector_is_the_pooled_states_of_the_text_read_alone(lm: Any, pooling: str) -> None:
    own = {
        "mean": lambda rows: sum(rows) / len(rows), "cls": lambda rows: rows[0],
        "last": lambda rows: rows[-1], "max": lambda rows: rows.max(0).values,
    }[pooling]  # fmt: skip
    found = ct.embed(lm, TEXTS, pooling=pooling, normalise=False).data["embedding"].values
    expected = np.stack([own(alone(lm, text)) for text in TEXTS])
    np.testing.assert_allclose(found, expected, atol=2e-5)


@pytest.mark.parametrize("layer", ["in", 0, 3])
def test_a_layers_vector_is_the_mean_of_the_traces_states(lm: Any, layer: int | str) -> None:
    found = ct.embed(lm, TEXTS, layer=layer, normalise=False).data["embedding"].values
    at = -1 if layer == "in" else layer
    expected = [lm.trace(text).state(at).mean(0) for text in TEXTS]
    np.testing.assert_allclose(found, expected, atol=2e-5)


def test_likeness_neighbours_and_directions_agree_with_a_plain_loop(lm: Any) -> None:
    view = ct.embed(lm, TEXTS, normalise=True)
    rows = view.data["embedding"].values.astype(np.float64)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)
    cosine = view.similarity()
    np.testing.assert_allclose(cosine, rows @ rows.T, atol=1e-6)
    np.testing.assert_allclose(np.diagonal(cosine), 1, atol=1e-6)
    near = view.nearest(TEXTS[2], k=3).data
    order = sorted(range(len(TEXTS)), key=lambda i: -(rows[i] @ rows[2]))[:3]
    assert near["text"].values.tolist() == [TEXTS[i] for i in order]
    np.testing.assert_allclose(near["similarity"], [rows[i] @ rows[2] for i in order], atol=1e-6)
    assert view.nearest(rows[2], k=3).data["text"].equals(near["text"])
    along = view.project(TEXTS[0], TEXTS[1]).data["projection"]
    np.testing.assert_allclose(along.sel(run=TEXTS[:2]), [0, 1], atol=1e-5)


def test_several_texts_at_an_end_count_as_their_mean(lm: Any) -> None:
    view = ct.embed(lm, TEXTS, normalise=False)
    rows = view.data["embedding"].values.astype(np.float64)
    start, end = (rows[0] + rows[1]) / 2, rows[2]
    along = view.project(TEXTS[:2], TEXTS[2]).data["projection"]
    for text, row in zip(TEXTS, rows, strict=True):
        own = (row - start) @ (end - start) / ((end - start) @ (end - start))
        assert float(along.sel(run=text)) == pytest.approx(own, abs=1e-5)
    part = view.project(start, end, texts=[TEXTS[3]]).data["projection"]
    np.testing.assert_allclose(part, along.sel(run=[TEXTS[3]]), atol=1e-5)


def test_a_vocabulary_is_the_rows_that_enter_the_model(lm: Any) -> None:
    view = ct.embed(lm)
    table = lm.model.get_input_embeddings().weight.detach().numpy()
    ids = view.data["token_id"].values
    np.testing.assert_array_equal(view.data["embedding"], table[ids])
    assert len(ids) == len(lm.tokenizer)
    assert view.data["run"].values[50] == (lm.pieces([50])[0].text or lm.pieces([50])[0].label)
    rows = table.astype(np.float64) / np.linalg.norm(table.astype(np.float64), axis=1)[:, None]
    text = next(piece.text for piece in lm.pieces(range(100, 200)) if piece.text.isalpha())
    own = lm.token_id(text)
    near = view.nearest(text, k=4)
    order = [i for i in np.argsort(-(rows[ids] @ rows[own])) if ids[i] != own][:4]
    assert near.data["token_id"].values.tolist() == ids[order].tolist()
    assert "is left out" in near.spec.header["about"]
    state = lm.trace(TEXTS[0]).state(1)[0]
    assert view.nearest(state[: table.shape[1]], k=2).data.sizes["k"] == 2
    assert ct.embed(lm, normalise=True).nearest(text, k=4).data["text"].equals(near.data["text"])


def test_an_analogy_adds_what_has_length_1_and_leaves_its_words_out(lm: Any) -> None:
    view = ct.embed(lm)
    texts = [str(text) for text in view.data["run"].values if str(text).isalpha()]
    a, b, c = texts[5:8]
    rows = view.data["embedding"].values.astype(np.float64)
    rows /= np.linalg.norm(rows, axis=1)[:, None]
    place = {str(text): n for n, text in reversed(list(enumerate(view.data["run"].values)))}
    made = rows[place[a]] - rows[place[b]] + rows[place[c]]
    close = rows @ made / np.linalg.norm(made)
    order = [i for i in np.argsort(-close) if view.data["run"].values[i] not in (a, b, c)][:3]
    found = view.analogy(a, b, c, k=3)
    assert found.data["text"].values.tolist() == view.data["run"].values[order].tolist()
    np.testing.assert_allclose(found.data["similarity"], close[order], atol=1e-6)
    assert f"{a} − {b} + {c}" in found.spec.header["heading"]
    assert "are left out" in found.spec.header["about"]


def test_the_models_own_files_say_how(tmp_path: Path) -> None:
    model, tokenizer = tiny("masked bert")
    BertModel(model.config).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    assert pooling_config(ct.load(tmp_path).model).configured is False
    modules = [
        {"path": "", "type": "sentence_transformers.models.Transformer"},
        {"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
        {"path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
    ]
    (tmp_path / "modules.json").write_text(json.dumps(modules))
    (tmp_path / "1_Pooling").mkdir()
    told = tmp_path / "1_Pooling" / "config.json"
    told.write_text(json.dumps({"pooling_mode_cls_token": True}))
    lm = ct.load(tmp_path)
    own = ct.embed(lm, TEXTS).data
    assert own.equals(ct.embed(lm, TEXTS, pooling="cls", normalise=True).data)
    told.write_text(json.dumps({"pooling_mode_mean_sqrt_len_tokens": True}))
    with pytest.raises(UnknownError, match="mean_sqrt_len"):
        ct.embed(ct.load(tmp_path), TEXTS)


def test_wrong_input_is_refused_in_words(lm: Any) -> None:
    view = ct.embed(lm, TEXTS)
    for ask, words in (
        (lambda: ct.embed(lm, []), "one or more texts"),
        (lambda: ct.embed(lm, [1]), "one or more texts"),  # type: ignore[list-item]
        (lambda: ct.embed(lm, ["a", ""]), "at least one token"),
        (lambda: ct.embed(lm, TEXTS, layer=9), "0 to 3"),
        (lambda: view.nearest(np.zeros(3)), "finite numbers"),
        (lambda: view.project("a", "a"), "another text"),
        (lambda: view.nearest("a", k=0), "from 1"),
        (lambda: ct.embed(lm, layer=1), "with texts"),
        (lambda: ct.embed(lm).nearest("not one token"), "one token"),
    ):
        with pytest.raises(InvalidError, match=words):
            ask()
    with pytest.raises(UnknownError, match="'mean', 'cls', 'last', 'max'"):
        ct.embed(lm, TEXTS, pooling="sum")


def test_every_form_shows_the_same_numbers(lm: Any, tmp_path: Path) -> None:
    view = ct.embed(lm, ["one\x1b[0m <script>", "two"])
    value = float(view.similarity()[0, 1])
    assert f"{value:.3g}"[:4] in repr(view)
    for suffix in ("html", "svg", "png", "csv", "json"):
        assert view.save(tmp_path / f"x.{suffix}").stat().st_size > 100
    assert "\x1b" not in repr(view)


def test_neighbours_and_directions_have_every_form(lm: Any, tmp_path: Path) -> None:
    view = ct.embed(lm, ["one\x1b[0m <script>", "two", "three"])
    for name, other in (("near", view.nearest("two", k=3)), ("way", view.project("two", "three"))):
        values = next(iter(other.data.data_vars.values()))
        np.testing.assert_allclose(sorted(other.spec.arrays["value"]), sorted(values.values))
        assert "‹1B›" in repr(other)
        assert "\x1b" not in repr(other)
        for suffix in ("html", "svg", "png", "csv", "json"):
            assert other.save(tmp_path / f"{name}.{suffix}").stat().st_size > 100


def test_of_many_texts_those_at_either_end_are_shown(lm: Any) -> None:
    view = ct.embed(lm)
    data = view.project(*(view.data["embedding"].values[i] for i in (20, 30)))
    order = np.sort(data.data["projection"].values)
    shown = data.spec.arrays["value"]
    np.testing.assert_array_equal(shown, np.concatenate([order[:50], order[-50:]]))
    assert any("50 at either end" in note for note in data.spec.header["notes"])
    low, high = data.spec.header["low"], data.spec.header["high"]
    assert low <= shown.min() <= shown.max() <= high
    assert all(low <= tick <= high for tick in data.spec.header["ticks"])


def test_more_texts_than_a_grid_can_hold_are_not_compared(
    lm: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cutaway.lens.embed.MOST_SQUARED", 4)
    with pytest.raises(InvalidError, match="would take 100 bytes"):
        ct.embed(lm, TEXTS).similarity()


def test_many_texts_are_shown_in_part_and_that_is_said(lm: Any) -> None:
    view = ct.embed(lm, [f"text {n}" for n in range(401)])
    assert len(view.spec.header["texts"]) == 400
    assert any("first 400 of 401" in note for note in view.spec.header["notes"])
    with pytest.raises(InvalidError, match="at most 100"):
        view.save("never.png")

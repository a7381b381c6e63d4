"""Verbs answer a saved trace without a model, print plainly in a pipe, and write files."""

import json
from pathlib import Path

import pytest

from tests.trace.linear import LABELS, linear_trace

from .test_cli import run

Said = pytest.CaptureFixture[str]


@pytest.fixture
def saved(tmp_path: Path) -> str:
    return str(linear_trace(keep=["lens"]).save(tmp_path / "a.trace"))


def test_the_lens_of_a_saved_trace(capsys: Said, saved: str) -> None:
    code, out, err = run(capsys, "lens", saved, "--rank-of", "next", "--every", "2")
    assert (code, err) == (0, "")
    assert "\x1b" not in out
    for label in LABELS:
        assert label in out


def test_positions_and_distances_are_read(capsys: Said, saved: str) -> None:
    code, out, _ = run(
        capsys, "lens", saved, "--json", "--positions", "1,-1", "--distance", "js",
        "--distance", "tv",
    )  # fmt: skip
    numbers = json.loads(out)
    assert code == 0
    assert numbers["coords"]["position"]["values"] == [1, 4]
    assert {"js", "tv"} <= set(numbers["data"])
    assert "kl" not in numbers["data"]


def test_predictions_at_a_target(capsys: Said, saved: str) -> None:
    code, out, _ = run(capsys, "predictions", saved, "--target", "3", "--layer", "in", "--k", "4")
    assert code == 0
    assert LABELS[2] in out


def test_files_are_written_beside_the_text(capsys: Said, saved: str, tmp_path: Path) -> None:
    page, table = tmp_path / "lens.html", tmp_path / "lens.csv"
    code, out, err = run(capsys, "lens", saved, "--html", str(page), "--csv", str(table))
    assert code == 0
    assert out
    assert err == f"wrote {page}\nwrote {table}\n"
    assert page.read_text("utf-8").startswith("<!doctype html>")
    assert table.read_text("utf-8").count("\n") > 4


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--html", "page.txt"), "allowed: a name ending in .html"),
        (("--k", "11"), "missing the top 11 tokens in the stored answers"),
        (("--k", "0"), "invalid k 0"),
        (("--rank-of", " x"), "missing the tokenizer"),
        (("--inside",), "missing the lens inside blocks"),
        (("--distance", "l2"), "unknown distance 'l2'"),
        (("--positions", "9"), "invalid position 9"),
        (("--generate", "2"), "a prompt, where tokens are generated"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(
    capsys: Said, saved: str, arguments: tuple[str, ...], words: str
) -> None:
    code, out, err = run(capsys, "lens", saved, *arguments)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert words in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--keep", "neurons"), "allowed: beside --save FILE only"),
        (("--save", "a.safetensors"), "allowed: a name ending in .trace"),
    ],
)
def test_what_look_cannot_keep_is_said_before_a_model_is_loaded(
    capsys: Said, arguments: tuple[str, ...], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cutaway.app.api.load", None)
    code, out, err = run(capsys, "look", "x", *arguments)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert words in err


@pytest.mark.slow
def test_look_keeps_a_trace_that_needs_no_model(capsys: Said, tmp_path: Path) -> None:
    path = str(tmp_path / "paris.trace")
    code, out, err = run(
        capsys, "look", "The capital of France is", "--generate", "1", "--save", path
    )  # fmt: skip
    assert (code, err) == (0, f"wrote {path}\n")
    assert "·Paris" in out
    code, out, _ = run(capsys, "predictions", path, "--target", "5", "--layer", "29", "--k", "1")
    assert code == 0
    assert "·Paris" in out

"""Shared options are spelt out once, and a PROMPT|TRACE is told apart by the file system."""

import inspect
from dataclasses import fields
from pathlib import Path
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from cutaway.app.options import (
    Generation,
    ModelChoice,
    is_trace_file,
    read_numbers,
    read_trace,
    verb,
)
from cutaway.core.errors import InvalidError
from tests.same import same
from tests.trace.linear import linear_trace


def test_a_verb_gets_its_records_back() -> None:
    seen: list[object] = []

    @verb
    def probe(
        text: str,
        choice: ModelChoice,
        generation: Generation,
        k: Annotated[int, typer.Option()] = 5,
    ) -> None:
        """Probes."""
        seen.extend([text, choice, generation, k])

    app = typer.Typer()
    app.command()(probe)
    arguments = ["hi", "--model", "m", "--top-p", "0.5", "--generate", "3", "--k", "7"]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    assert seen == ["hi", ModelChoice(model="m"), Generation(generate=3, top_p=0.5), 7]


def test_every_field_is_an_option_and_own_ones_come_first() -> None:
    @verb
    def probe(text: str, choice: ModelChoice, k: int = 5) -> None:
        """Probes."""

    names = list(inspect.signature(probe).parameters)
    assert names == ["text", "k", *(field.name for field in fields(ModelChoice))]
    assert probe.__doc__ == "Probes."


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        (None, None), ("3", [3]), ("0, 4,-1", [0, 4, -1]), ("10:20", slice(10, 20)),
        (":5", slice(None, 5)), ("-3:", slice(-3, None)),
    ],
)  # fmt: skip
def test_numbers_as_they_are_typed(text: str | None, numbers: object) -> None:
    assert read_numbers("positions", text) == numbers


@pytest.mark.parametrize("text", ["", "a", "1,,2", "1:2:3", "1.5"])
def test_what_are_no_numbers_is_refused(text: str) -> None:
    with pytest.raises(InvalidError, match="invalid positions"):
        read_numbers("positions", text)


def test_only_an_existing_file_with_that_ending_is_a_trace(tmp_path: Path) -> None:
    path = linear_trace().save(tmp_path / "a.trace")
    assert is_trace_file(str(path))
    (tmp_path / "folder.trace").mkdir()
    for text in ("a.trace", str(tmp_path / "folder.trace"), "x" * 5000 + ".trace", "\0.trace"):
        assert not is_trace_file(text)
    assert same(read_trace(str(path), ModelChoice()), linear_trace())


def test_a_saved_trace_cannot_go_on(tmp_path: Path) -> None:
    path = linear_trace().save(tmp_path / "a.trace")
    with pytest.raises(InvalidError, match="a prompt, where tokens are generated"):
        read_trace(str(path), ModelChoice(), Generation(generate=2))

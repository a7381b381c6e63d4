"""The style the design asks for, as far as a machine can read it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "cutaway"
PYTHON = sorted(
    path for folder in ("src", "tests", "examples", "benchmarks") for path in
    (ROOT / folder).rglob("*.py")
)  # fmt: skip
SCRIPTS = sorted((ROOT / "web" / "src").rglob("*.ts"))
#: Files of more lines than this must say here why they are one.
LONGEST = 300
ARGUED: dict[str, str] = {}
#: Classes that can't be frozen say here why.
FILLED: dict[str, str] = {"Call": "is filled between the start and the end of a module's call"}
#: Rooms print nothing; what is said to people is said by the command line.
MAY_PRINT = ("app",)


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", [*PYTHON, *SCRIPTS], ids=named)
def test_a_file_answers_one_question(path: Path) -> None:
    text = path.read_text("utf-8")
    if named(path) not in ARGUED:
        assert text.count("\n") <= LONGEST, f"{named(path)} is long: split it, or argue in ARGUED"
    assert path.stem not in {"utils", "util", "misc", "common", "helpers"}
    assert not re.search(r"\b(?:TODO|FIX" + r"ME|XXX)\b", text) or path == Path(__file__)


def test_argued_files_are_still_long() -> None:
    for name in ARGUED:
        assert (ROOT / name).read_text("utf-8").count("\n") > LONGEST, f"{name} needs no argument"


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=named)
def test_every_module_says_what_it_is(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    assert ast.get_docstring(tree), f"{named(path)} has no docstring"
    room = path.relative_to(SOURCE).parts[0]
    prints = [
        node.lineno for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "print"
    ]  # fmt: skip
    assert room in MAY_PRINT or not prints, f"{named(path)} prints in lines {prints}"


def lines_of_code(function: ast.FunctionDef) -> int:
    """Lines of a function's body, its docstring left out."""
    first = function.body[1 if ast.get_docstring(function) and len(function.body) > 1 else 0]
    return (function.end_lineno or 0) - first.lineno + 1


def test_functions_are_short() -> None:
    lengths = [
        (lines_of_code(node), f"{named(path)}:{node.name}")
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef)
    ]
    assert sum(length <= 20 for length, _ in lengths) >= 0.75 * len(lengths)
    assert not [name for length, name in lengths if length > 60]


def test_records_are_frozen() -> None:
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef) and node.name not in FILLED:
                marks = [ast.unparse(mark) for mark in node.decorator_list]
                kinds = [mark for mark in marks if mark.startswith("dataclass")]
                assert all("frozen=True" in kind for kind in kinds), f"{named(path)}: {node.name}"

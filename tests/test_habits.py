"""The style the design asks for, as far as a machine can read it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

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


def test_a_file_answers_one_question() -> None:
    wrong = {named(path): list(faults(path)) for path in (*PYTHON, *SCRIPTS)}
    assert not {name: found for name, found in wrong.items() if found}


def faults(path: Path) -> Iterator[str]:
    text = path.read_text("utf-8")
    if named(path) not in ARGUED and text.count("\n") > LONGEST:
        yield "is long: split it, or argue in ARGUED"
    if path.stem in {"utils", "util", "misc", "common", "helpers"}:
        yield "has no name of its own"
    if re.search(r"\b(?:TODO|FIX" + r"ME|XXX)\b", text) and path != Path(__file__):
        yield "is not done"


def test_argued_files_are_still_long() -> None:
    for name in ARGUED:
        assert (ROOT / name).read_text("utf-8").count("\n") > LONGEST, f"{name} needs no argument"


@dataclass(frozen=True)
class Habits:
    """What is read of a module: whether it says what it is, the lines of its prints, the length of
    each function, its records that can be changed."""

    documented: bool
    prints: tuple[int, ...]
    lengths: tuple[tuple[str, int], ...]
    thawed: tuple[str, ...]


@cache
def modules() -> dict[Path, Habits]:
    """Every module of the package, read once."""
    return {path: habits(ast.parse(path.read_text("utf-8"))) for path in SOURCE.rglob("*.py")}


def habits(tree: ast.Module) -> Habits:
    nodes = list(ast.walk(tree))
    return Habits(
        bool(ast.get_docstring(tree)),
        tuple(
            node.lineno for node in nodes
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "print"
        ),
        tuple((n.name, lines_of_code(n)) for n in nodes if isinstance(n, ast.FunctionDef)),
        tuple(n.name for n in nodes if isinstance(n, ast.ClassDef) and is_thawed(n)),
    )  # fmt: skip


def lines_of_code(function: ast.FunctionDef) -> int:
    """Lines of a function's body, its docstring left out."""
    first = function.body[1 if ast.get_docstring(function) and len(function.body) > 1 else 0]
    return (function.end_lineno or 0) - first.lineno + 1


def is_thawed(record: ast.ClassDef) -> bool:
    marks = [ast.unparse(mark) for mark in record.decorator_list]
    return any("frozen=True" not in mark for mark in marks if mark.startswith("dataclass"))


def test_every_module_says_what_it_is() -> None:
    assert not [named(path) for path, read in modules().items() if not read.documented]


def test_rooms_print_nothing() -> None:
    prints = {
        named(path): read.prints for path, read in modules().items()
        if path.relative_to(SOURCE).parts[0] not in MAY_PRINT and read.prints
    }  # fmt: skip
    assert not prints


def test_functions_are_short() -> None:
    lengths = [
        (length, f"{named(path)}:{name}")
        for path, read in modules().items() for name, length in read.lengths
    ]  # fmt: skip
    assert sum(length <= 20 for length, _ in lengths) >= 0.75 * len(lengths)
    assert not [name for length, name in lengths if length > 60]


def test_records_are_frozen() -> None:
    thawed = {named(path): set(read.thawed) - set(FILLED) for path, read in modules().items()}
    assert not {path: names for path, names in thawed.items() if names}

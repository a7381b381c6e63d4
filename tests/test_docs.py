"""The documentation is true: its code runs, its links lead somewhere, it names everything."""

from __future__ import annotations

import doctest
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import typer

import cutaway
from cutaway.app import api, cli

from .pages import DOCS, PAGES, ROOT, CodeBlock, blocks, links, named

if TYPE_CHECKING:
    from cutaway.model.lm import LM

WITH_CODE = [
    page for page in PAGES if {block.language for block in blocks(page)} & {"python", "pycon", "sh"}
]
#: Pages whose tables have calls beside questions, or beside another tool's calls.
TABLES = [DOCS / "which-lens.md", *sorted((DOCS / "coming-from").glob("*.md"))]


@pytest.fixture
def one_model(smol: LM, monkeypatch: pytest.MonkeyPatch) -> None:
    """`load()` gives the one that is there; with arguments it loads."""
    load = api.load

    def given(name: str | None = None, **options: Any) -> LM:
        return load(name, **options) if name or options else smol

    monkeypatch.setattr(cutaway, "load", given)
    monkeypatch.setattr(api, "load", given)


@pytest.mark.slow
@pytest.mark.usefixtures("one_model")
@pytest.mark.parametrize("page", WITH_CODE, ids=named)
def test_the_code_of_a_page_runs(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blocks run in the page's order, in one namespace and one folder."""
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, Any] = {"__name__": "__docs__"}
    for block in blocks(page):
        if not block.run:
            continue
        if block.language == "python":
            code = "\n" * (block.line - 1) + block.text
            exec(compile(code, str(page), "exec"), namespace)
        elif block.language == "pycon":
            run_session(block, page, namespace)
        elif block.language == "sh":
            run_commands(block)


@pytest.mark.slow
def test_every_call_in_the_tables_runs(
    smol: LM, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside another tool's call, or beside a question: what is written can be typed."""
    monkeypatch.chdir(tmp_path)
    text = "The capital of France is"
    a, b = smol.trace([text, "The capital of Italy is"])
    trace = smol.generate(text, max_new_tokens=4, keep="all")
    known = {
        "ct": cutaway, "lm": smol, "model": smol.model, "tokenizer": smol.tokenizer, "text": text,
        "texts": [text, "The nurse said that"], "trace": trace, "a": a, "b": b, "base": smol,
        "tuned": smol, "view": cutaway.predictions(trace), "j": 5,
    }  # fmt: skip
    calls = {call for page in TABLES for call in calls_in_tables(page)}
    assert len(calls) > 40
    for call in sorted(calls):
        try:
            answer = eval(call, known)
        except Exception as error:
            raise AssertionError(f"{call} does not run") from error
        if isinstance(answer, cutaway.View):
            assert answer.data.sizes, call


def calls_in_tables(page: Path) -> set[str]:
    """Calls of ours in the rows of a page's tables, but for models that would be fetched."""
    rows = [line for line in page.read_text("utf-8").splitlines() if line.startswith("|")]
    calls = {call for row in rows for call in re.findall(r"`((?:ct|lm|trace|view)\.[^`]+)`", row)}
    return {call for call in calls if "ct.load(" not in call}


def run_session(block: CodeBlock, page: Path, namespace: dict[str, Any]) -> None:
    parser, runner = doctest.DocTestParser(), doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    test = parser.get_doctest(block.text, namespace, page.name, str(page), block.line - 1)
    failed = runner.run(test, clear_globs=False).failed
    namespace.update(test.globs)
    assert not failed, f"{page.name}, line {block.line}: see above"


def run_commands(block: CodeBlock) -> None:
    for line in block.text.replace("\\\n", " ").splitlines():
        program, *arguments = shlex.split(line, comments=True) or [""]
        if program == "cutaway":
            with pytest.raises(SystemExit) as end:
                cli.main(arguments)
            assert not end.value.code, f"{line} ended with {end.value.code}"


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(page):
        assert (page.parent / link).exists(), f"{named(page)} links to {link}"


@pytest.mark.parametrize("index", ["index.md", "decisions/index.md"])
def test_every_page_is_in_its_index(index: str) -> None:
    folder = (DOCS / index).parent
    linked = {(folder / link).resolve() for link in links(DOCS / index)}
    pages = folder.glob("*.md") if index.startswith("decisions") else pages_outside_decisions()
    assert set(pages) - {DOCS / index} <= linked


def pages_outside_decisions() -> set[Path]:
    return {page for page in DOCS.rglob("*.md") if page.parent.name != "decisions"}


def test_every_public_name_is_documented() -> None:
    text = (DOCS / "python.md").read_text("utf-8")
    assert not [name for name in cutaway.__all__ if f"`ct.{name}" not in text]


def commands(command: Any, path: str = "cutaway") -> Iterator[tuple[str, Any]]:
    yield path, command
    for name, child in getattr(command, "commands", {}).items():
        yield from commands(child, f"{path} {name}")


def test_every_command_and_flag_is_documented() -> None:
    text = (DOCS / "cli.md").read_text("utf-8")
    words = set(re.findall(r"--?[\w-]+", text))
    for name, command in commands(typer.main.get_command(cli.app)):
        assert f"`{name}" in text, f"docs/cli.md does not name {name}"
        flags = {flag for option in command.params for flag in option.opts if flag[0] == "-"}
        assert flags - {"--help"} <= words, f"docs/cli.md lacks {flags - words} of {name}"


def test_every_extra_is_documented() -> None:
    text = (DOCS / "start.md").read_text("utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = set(project["optional-dependencies"]) - {"docs", "test", "check"}
    assert {name for name in extras if f"`{name}`" not in text} == set()


def test_every_scalar_is_documented() -> None:
    """Those that are named outright; a few are named after what was asked."""
    text = (DOCS / "trackers.md").read_text("utf-8")
    source = (ROOT / "src/cutaway/view/scalars.py").read_text("utf-8")
    names = set(re.findall(r'Scalar\(\s*"(\w+)"', source))
    assert len(names) > 20
    assert {name for name in names if f"`{name}`" not in text} == set()


def test_no_page_names_what_does_not_exist() -> None:
    for page in PAGES:
        for name in re.findall(r"`ct\.(\w+)", page.read_text("utf-8")):
            assert name in cutaway.__all__, f"{named(page)} names ct.{name}"
    assert (ROOT / "LICENSE").exists()

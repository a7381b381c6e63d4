"""`cutaway runs`: the store from the command line."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

import cutaway as ct
from cutaway.app.runs.store import Runs
from tests.app.storm import variant
from tests.app.test_cli import run
from tests.trace.linear import linear_trace


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runs:
    monkeypatch.setenv("CUTAWAY_RUNS", str(tmp_path / "runs"))
    return ct.runs()


def test_runs_come_and_go(store: Runs, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(variant(n=1).save(tmp_path / "a.trace"))
    code, out, err = run(capsys, "runs", "add", path, "--name", "one", "--tag", "a", "--tag", "b c")
    assert (code, err) == (0, "")
    found = store.get(out.strip())
    assert (found.name, found.tags, len(out.strip())) == ("one", ("a", "b c"), 20)
    code, out, _ = run(capsys, "runs", "list", "--json", "--search", "ONE", "--tag", "a")
    assert json.loads(out) == [found.to_json()]
    assert json.loads(run(capsys, "runs", "list", "--json", "--tag", "x")[1]) == []
    run(capsys, "runs", "tag", found.id[:5], "x", "a")
    run(capsys, "runs", "tag", found.id, "b c", "--remove")
    run(capsys, "runs", "name", found.id, "")
    assert store.get(found.id) == replace(found, name="", tags=("a", "x"))
    other = str(tmp_path / "b.trace")
    assert run(capsys, "runs", "export", found.id, other) == (0, "", f"wrote {other}\n")
    assert Path(other).read_bytes() == Path(path).read_bytes()
    shown = json.loads(run(capsys, "runs", "show", found.id, "--json")[1])
    assert shown == store.get(found.id).to_json() | {"path": str(store.path(found.id))}
    assert run(capsys, "runs", "rm", found.id[:6])[0] == 0
    assert len(store) == 0
    assert run(capsys, "runs", "rebuild")[1] == f"0 runs in {store.folder}\n"


def test_the_list_cuts_nothing_in_a_pipe_and_controls_no_terminal(
    store: Runs, capsys: pytest.CaptureFixture[str]
) -> None:
    for n in range(2):
        store.add(variant(n=n), f"name {n} \x1b[31m{'long ' * 30}end", ["t" * 90, "\x07"])
    code, out, err = run(capsys, "runs", "list")
    assert (code, err) == (0, f"2 of 2 runs in {store.folder}\n")
    lines = out.splitlines()
    assert len(lines) == 3
    assert "t" * 90 + ", ‹07›" in lines[1]
    assert "‹1B›[31mlong" in lines[1]
    assert "end" in lines[1]
    shown = run(capsys, "runs", "show", store.list()[0].id)[1]
    assert "\x1b" not in out + shown
    assert re.search(r"^tokens +3 read, 2 said$", shown, re.MULTILINE)


def test_a_list_fits_the_terminal(store: Runs) -> None:
    from rich.cells import cell_len

    from cutaway.app.runs.listing import listed

    for n in range(3):
        store.add(variant(n=n), "a name of more than twenty-four characters", ["東京", "tag"])
    runs = [replace(run, model="a model's name of 40 columns, as many are") for run in store.list()]
    ids = [run.id[:8] for run in runs]
    for width in range(20, 161, 4):
        for colour in (False, True):
            shown = re.sub("\x1b\\[[0-9;]*m", "", listed(runs, width, colour=colour))
            lines = shown.splitlines()
            assert max(map(cell_len, lines)) <= width
            assert [line.strip()[:8] for line in lines if line.strip()[:8] in ids] == ids
            if width >= 80:  # a table, a line each
                assert len(lines) == 4 + colour
            if width <= 60:  # a line for each thing known
                assert len(lines) == 3 * len(("id", "name", "tags", "tokens", "model", "text"))


def test_two_runs_are_compared_and_written_as_a_page(
    store: Runs, tiny_lm: ct.LM, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a = store.add(tiny_lm.trace([5, 6, 7], keep="lens"), "she")
    b = store.add(tiny_lm.trace([5, 6, 8], keep="lens"), "<script>he")
    page = tmp_path / "compared.html"
    code, out, err = run(capsys, "runs", "compare", a.id, b.id[:8], "--html", str(page))
    assert (code, err) == (0, f"wrote {page}\n")
    assert "she says" in out
    assert "<script>he" not in page.read_text()
    assert "she" in page.read_text()
    code, out, _ = run(capsys, "runs", "compare", a.id, b.id, "--names", "x,y", "--json")
    assert json.loads(out)["coords"]["run"]["values"] == ["x", "y", "difference"]


def test_names_that_tell_nothing_apart_are_ids(
    store: Runs, tiny_lm: ct.LM, capsys: pytest.CaptureFixture[str]
) -> None:
    a, b, c = (
        store.add(tiny_lm.trace([5, 6, last], keep="lens"), name)
        for last, name in enumerate(("same", "same ", "x,y"))
    )
    for one, other, names in ((a, b, (a.id, b.id)), (a, c, ("same", c.id[:8]))):
        out = run(capsys, "runs", "compare", one.id, other.id, "--json")[1]
        assert json.loads(out)["coords"]["run"]["values"][:2] == list(names)


def test_runs_that_can_t_be_compared_say_so(
    store: Runs, tiny_lm: ct.LM, capsys: pytest.CaptureFixture[str]
) -> None:
    linear = store.add(linear_trace(keep=["lens"])).id
    other = store.add(tiny_lm.trace([5, 6, 7], keep="lens")).id
    bare = store.add(tiny_lm.trace([5, 6, 7])).id
    apart = store.add(tiny_lm.trace([50, 60], keep="lens")).id
    for arguments, words in (
        ((linear, other), "different tokenizers and different texts"),
        ((other, bare), "keep='lens'"),
        ((other, apart), "texts that share a token"),
        ((other, bare, "--lens", "attention"), "--model on the command line"),
        ((other, other[:9]), "two different runs"),
        ((other, "ffff"), "unknown run 'ffff'"),
        ((other,), "Missing argument 'B'"),
    ):
        code, _, err = run(capsys, "runs", "compare", *arguments)
        assert code == 2
        assert words in err
        assert len(err.splitlines()) == 1


def test_a_prompt_is_read_and_kept(
    store: Runs, tiny_lm: ct.LM, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from cutaway.app.options import ModelChoice

    monkeypatch.setattr(ModelChoice, "load", lambda _: tiny_lm)
    arguments = ("runs", "add", "--prompt", "The key", "--generate", "2", "--keep", "neurons")
    found = store.get(run(capsys, *arguments)[1].strip())
    assert (found.kept, found.produced, found.text[:7]) == (
        ("states", "neurons", "lens"),
        2,
        "The key",
    )
    assert store.get(run(capsys, "runs", "add", "--prompt", "x", "--keep", "all")[1].strip())


def test_wrong_lines_are_said_in_one(
    store: Runs, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(variant(n=1).save(tmp_path / "a.trace"))
    one = store.add(variant(n=2)).id
    for arguments, words in (
        (("add",), "FILE or --prompt TEXT"),
        (("add", path, "--prompt", "x"), "FILE or --prompt TEXT"),
        (("add", path, "--keep", "all"), "--name and --tag only"),
        (("add", str(tmp_path / "none.trace")), "is not there"),
        (("add", path, "--name", "x" * 201), "up to 200 characters"),
        (("export", one, str(tmp_path / "a.html")), "ending in .trace"),
        (("show", "../../etc"), "digits 0-9 and a-f"),
        (("rm", one, "ffff"), "unknown run"),
        (("tag", one, ""), "not blank"),
        (("--folder", path, "list"), "can't be made"),
    ):
        code, out, err = run(capsys, "runs", *arguments)
        assert (code, out) == (2, "")
        assert words in err
        assert len(err.splitlines()) == 1
    assert [run.id for run in store.list()] == [one]


def test_files_that_are_no_runs_are_told(store: Runs, capsys: pytest.CaptureFixture[str]) -> None:
    kept = store.add(variant(n=2))
    store.path(kept.id).write_bytes(b"no trace")
    code, out, err = run(capsys, "runs", "rebuild")
    assert (code, out) == (0, f"0 runs in {store.folder}\n")
    assert err.startswith("passed over: ")
    assert "is no trace" in err


def test_the_group_alone_shows_its_verbs(store: Runs, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "runs")
    assert (code, err) == (0, "")
    assert "rebuild" in out
    assert run(capsys, "runs", "--folder", str(store.folder / "x"), "list")[0] == 0
    assert (store.folder / "x").is_dir()

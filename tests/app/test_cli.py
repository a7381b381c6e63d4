"""The command line says errors in a line or two, answers a trace without a model, and stops."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cutaway import __version__
from cutaway.app import api, cli
from cutaway.core import extras
from cutaway.core.errors import MissingError

HEAVY = ("torch", "transformers", "xarray", "sklearn", "matplotlib", "pandas")


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        cli.main(list(arguments))
    said = capsys.readouterr()
    code = ended.value.code
    assert code is None or isinstance(code, int)
    return code or 0, said.out, said.err


@pytest.mark.parametrize("arguments", [(), ("--help",)])
def test_help_names_every_verb(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    code, out, err = run(capsys, *arguments)
    assert (code, err) == (0, "")
    for name in cli.VERBS:
        assert f"\n  {name} " in out
    assert "..." not in out.split("Commands:")[1], "the first line of a verb is cut"


@pytest.mark.parametrize("name", cli.VERBS)
def test_every_verb_has_help(capsys: pytest.CaptureFixture[str], name: str) -> None:
    code, out, _ = run(capsys, name, "--help")
    assert code == 0
    assert out.startswith(f"Usage: cutaway {name}")


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "--version") == (0, f"cutaway {__version__}\n", "")


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; from cutaway.app.cli import main\n"
        "try: main(['lens', '--help'])\n"
        f"finally: print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("lens",), "Missing argument"),
        (("lens", "x", "--no-such"), "No such option"),
        (("lens", "x", "--k", "many"), "Invalid value"),
        (("no-such-verb",), "No such command"),
    ],
)
def test_a_wrong_line_is_said_in_one(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], words: str
) -> None:
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert words in err
    assert err.startswith("cutaway: ")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("line", "extra"),
    [
        (("lens", "x", "--png", "a.png"), "plot"),
        (("lens", "x", "--nc", "a.nc"), "netcdf"),
        (("saliency", "x", "--method", "lime"), "captum"),
        (("embed", "x", "--nearest", "y", "--no-exact"), "search"),
    ],
)
def test_a_missing_package_is_said_before_a_model_is_loaded(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
    line: tuple[str, ...], extra: str,
) -> None:  # fmt: skip
    monkeypatch.setattr(extras, "find_spec", lambda _: None)
    monkeypatch.setattr(api, "load", lambda *_, **__: pytest.fail("a model was loaded"))
    code, out, err = run(capsys, *line)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert f"pip install 'cutaway[{extra}]'" in err


def test_a_damaged_trace_is_said_in_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "a.trace"
    path.write_bytes(b"nothing")
    code, _, err = run(capsys, "lens", str(path))
    assert (code, err.count("\n")) == (2, 1)
    assert "is no trace" in err


def raise_(problem: BaseException) -> object:
    raise problem


def test_an_error_shows_its_traceback_on_request(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = MissingError("the network", fix="check it")
    monkeypatch.setattr(api, "load", lambda *_, **__: raise_(problem))
    code, _, err = run(capsys, "lens", "x")
    assert (code, err) == (2, "cutaway: missing the network; check it\n")
    code, _, err = run(capsys, "lens", "x", "--debug")
    assert code == 2
    assert "Traceback" in err


def test_a_mistake_of_ours_says_that_it_is_one(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "load", lambda *_, **__: raise_(ZeroDivisionError("oh")))
    code, _, err = run(capsys, "anatomy")
    assert (code, err.count("\n")) == (2, 2)
    assert err.startswith("cutaway: ZeroDivisionError: oh\n")


def test_control_c_ends_with_130(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "load", lambda *_, **__: raise_(KeyboardInterrupt()))
    code, out, err = run(capsys, "look", "x")
    assert (code, out, err.strip()) == (130, "", "")


def test_after_two_dashes_all_is_text() -> None:
    assert cli._take_debug(["look", "--debug", "x"]) == (True, ["look", "x"])
    assert cli._take_debug(["look", "--", "--debug"]) == (False, ["look", "--", "--debug"])


def test_a_reader_that_goes_away_is_no_error() -> None:
    code = "from cutaway.app.cli import main; main(['--help'])"
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as stdout:
        done = subprocess.run(
            [sys.executable, "-c", code], stdout=stdout, stderr=subprocess.PIPE, check=False
        )
    assert done.stderr == b""
    assert done.returncode == 1

"""The command as a process: pipes that close, disks that are full, terminals, locales, Ctrl-C."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from cutaway.app.entry import main
from tests.trace.linear import linear_trace

pytestmark = pytest.mark.slow
START = [sys.executable, "-m", "cutaway"]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(linear_trace(keep=["lens"]).save(tmp_path_factory.mktemp("saved") / "a.trace"))


def ran(*arguments: str, **how: Any) -> subprocess.CompletedProcess[bytes]:
    given = {"stderr": subprocess.PIPE, "timeout": 60, "check": False}
    return subprocess.run([*START, *arguments], **given | how)


def test_a_full_disk_behind_stdout_is_said_in_a_sentence(saved: str) -> None:
    for line in (("lens", saved), ("--help",)):
        with open("/dev/full", "wb") as full:  # noqa: PTH123
            done = ran(*line, stdout=full)
        said = done.stderr.decode()
        assert (done.returncode, said.count("\n")) == (2, 1), said
        assert "the output can't be written: no space left on device" in said


@pytest.mark.parametrize("closed", [(1,), (0, 1, 2)])
def test_streams_that_are_closed_are_done_without(
    saved: str, tmp_path: Path, closed: tuple[int, ...]
) -> None:
    page = tmp_path / "lens.html"
    command = " ".join(f"{n}{'<' if n == 0 else '>'}&-" for n in closed)
    done = subprocess.run(
        ["sh", "-c", f'"$@" {command}', "sh", *START, "lens", saved, "--html", str(page)],
        capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False)
    assert page.stat().st_size > 1000


def test_what_comes_on_stdin_is_not_read(saved: str) -> None:
    done = ran("lens", saved, input=bytes(range(256)) * 40, stdout=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_locale_without_the_signs_of_a_token_gets_question_marks(saved: str) -> None:
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = ran(
        "lens", saved, stdout=subprocess.PIPE,
        env=os.environ | plain | {"PYTHONIOENCODING": "latin-1"},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"?" in done.stdout
    wrong = ran("lens", saved, "--k", "0", env=os.environ | plain)
    assert (wrong.returncode, wrong.stderr.count(b"\n")) == (2, 1)


@pytest.mark.parametrize("colour", [True, False])
def test_a_narrow_terminal_is_not_overrun(saved: str, colour: bool) -> None:
    """40 columns; NO_COLOR leaves bold, and no colours."""
    env = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS")}
    env |= {"COLUMNS": "40", "TERM": "xterm-256color"} | ({} if colour else {"NO_COLOR": "1"})
    there, here = pty.openpty()
    process = subprocess.Popen([*START, "lens", saved], stdout=here, env=env)
    os.close(here)
    shown = b""
    with suppress(OSError), open(there, "rb", buffering=0) as screen:  # noqa: PTH123
        while part := screen.read(65536):  # an error once the other end is closed
            shown += part
    text = shown.decode()
    assert process.wait(60) == 0
    assert ("\x1b[38;" in text or "\x1b[48;" in text) == colour
    assert max(len(line) for line in plain_lines(text)) <= 40


def plain_lines(text: str) -> list[str]:
    return [re.sub("\x1b\\[[0-9;]*m", "", line) for line in text.splitlines()]


@pytest.mark.parametrize("after", [0.3, 1.0, 2.5])
def test_control_c_ends_without_a_word(after: float) -> None:
    """While the command is read, while torch is, while the model loads."""
    begun = (
        "import sys; print('begun', file=sys.stderr, flush=True); "
        "from cutaway.app.entry import main; main()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", begun, "report", "The keys to the cabinet"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        # What a shell starts in the background, as tests may be, ignores it from birth.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    assert process.stderr is not None
    assert process.stderr.readline() == b"begun\n"
    time.sleep(after)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, b"")
    assert b"Traceback" not in err


def test_control_c_while_the_command_is_read_ends_with_130(monkeypatch: Any) -> None:
    class Interrupted:
        def find_spec(self, name: str, *_: Any) -> None:
            if name == "cutaway.app.cli":
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "cutaway.app.cli", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Interrupted(), *sys.meta_path])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 130

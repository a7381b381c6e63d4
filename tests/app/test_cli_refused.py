"""Every command with wrong input: one sentence, exit status 2, nothing on stdout, no traceback."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import cutaway as ct
from cutaway.app import api, cli

from .test_cli import run

pytestmark = pytest.mark.slow
PROMPT = "The keys to the cabinet"
#: Command -> its wrong options, and what must be said of each. P is the prompt, S a saved trace.
REFUSED: dict[str, list[tuple[str, str]]] = {
    "look P": [
        ("--save a.txt", "a name ending in .trace"),
        ("--save nowhere/a.trace", "there is no folder 'nowhere'"),
        ("--save {folder}.trace", "is a folder"),
        ("--save a.trace --keep x", "unknown material in keep 'x'"),
        ("--generate -1", "Invalid value for '--generate'"),
        ("--generate x", "Invalid value for '--generate'"),
        ("--generate 99999999", "max_new_tokens 99999999"),
        ("--generate 2 --temperature -1", "invalid temperature -1"),
        ("--generate 2 --temperature nan", "invalid temperature nan"),
        ("--generate 2 --temperature 1 --top-p 2", "invalid top_p 2"),
        ("--generate 2 --temperature 1 --top-k 0", "invalid top_k 0"),
        ("--generate 2 --top-k 5", "give temperature=1.0 as well"),
        ("--generate 2 --num-beams 0", "invalid num_beams 0"),
        ("--generate 2 --temperature 1 --seed -1", "invalid seed -1"),
        ("--temperature 1", "with --generate N"),
        ("--stream", "with --generate N"),
        ("--generate 2 --num-beams 2 --stream", "without beams"),
        ("--generate 2 --continuation x", "not both"),
        ("--generate 2 --text-b x", "without --generate"),
        ("--text-b x --chat", "without --chat"),
        ("--chat --no-special-tokens", "whose template writes them"),
        ("--target-text x", "with an encoder-decoder"),
        ("--device cpu --device-map auto", "or --device-map, not both"),
        ("more", "unexpected extra argument"),
    ],
    "lens P": [
        ("--k 0", "invalid k 0"),
        ("--k x", "Invalid value for '--k'"),
        ("--every 0", "invalid every 0"),
        ("--rank-of x~y~z", "invalid token"),
        ("--against x", "unknown reference in against 'x'"),
        ("--distance x", "unknown distance 'x'"),
        ("--positions 99", "invalid position 99"),
        ("--positions x", "invalid positions 'x'"),
        ("--positions 5:1", "invalid positions"),
        ("--html a.txt", "a name ending in .html"),
        ("--html {folder}.html", "is a folder"),
        ("--svg nowhere/a.svg", "there is no folder 'nowhere'"),
        ("--csv /dev/full/a.csv", "can't be written"),
        ("--json=x", "does not take a value"),
    ],
    "lens S": [
        ("--chat", "a prompt, with --chat"),
        ("--text-b x", "a prompt, with --text-b"),
        ("--device cpu", "with --model, of a saved trace"),
        ("--generate 2", "a prompt, where tokens are generated"),
        ("--inside", "missing the lens inside blocks"),
    ],
    "predictions P": [
        ("--at 99", "invalid at 99"),
        ("--target 0", "invalid target 0"),
        ("--at 0 --target 1", "at or target, not both"),
        ("--layer x", "invalid layer 'x'"),
        ("--layer -1", "invalid layer '-1'"),
        ("--layer 99", "invalid layer 99"),
        ("--k 0", "invalid k 0"),
    ],
    "saliency P": [
        ("--method x", "unknown method 'x'"),
        ("--targets 0", "invalid target 0"),
        ("--targets x", "invalid targets 'x'"),
        ("--contrast x~y~z", "invalid token 'x y z'"),
        ("--label x", "with a classifier only"),
        ("--quantity x", "unknown quantity 'x'"),
        ("--at-layer 99", "invalid layer 99"),
        ("--steps 8", "unknown option of input_x_gradient 'steps'"),
        ("--method integrated_gradients --steps 0", "invalid steps 0"),
        ("--method integrated_gradients --spacing x", "unknown spacing 'x'"),
        ("--method integrated_gradients --baseline x~y~z", "invalid token 'x y z'"),
        ("--method lime --samples 0", "invalid samples 0"),
        ("--method occlusion --how x", "unknown how 'x'"),
        ("--replacement x", "unknown option of input_x_gradient 'replacement'"),
        ("--check --replacement x~y~z", "invalid token 'x y z'"),
        ("--check --start-seed -1", "invalid seed -1"),
        ("--check --check-target 99", "invalid target 99"),
        ("--check-target 3", "with --check"),
        ("--check --alignment", "one of --check and --alignment"),
        ("--alignment", "invalid"),
    ],
    "classes P": [("", "no head that classifies"), ("--k x", "Invalid value for '--k'")],
    "watch P": [
        ("", "Missing option '--token'"),
        ("--token x~y~z", "invalid token"),
        ("--token= --at 0", "invalid token ''"),
        ("--token a --at 99", "invalid at 99"),
        ("--token a --token a", "invalid tokens"),
    ],
    "pairs P P": [("--token a --at 99", "invalid at 99"), ("", "Missing option '--token'")],
    "neurons P": [
        ("--layers 99", "invalid layer 99"),
        ("--layers=", "invalid layers ''"),
        ("--layers 0:1", "invalid layers '0:1'"),
        ("--neurons 99999", "invalid neuron 99999"),
        ("--side x", "unknown stream 'x'"),
        ("--side encoder", "encoder"),
    ],
    "clusters P": [
        ("--n 0", "invalid n 0"),
        ("--n 99999", "invalid n 99999"),
        ("--by x", "unknown"),
        ("--exclude 99", "invalid"),
        ("--start-seed -1", "invalid seed -1"),
        ("--start-seed 99999999999999999999", "invalid seed 99999999999999999999"),
    ],
    "factors P": [
        ("--n 0", "invalid n 0"),
        ("--part x", "unknown part 'x'"),
        ("--exclude 0,1,2,3,4,5", "invalid"),
        ("--n 2 --start-seed -1", "invalid seed -1"),
    ],
    "experts P": [("", "this model has none"), ("--layers x", "invalid layers 'x'")],
    "attention P": [
        ("--view x", "unknown view 'x'"),
        ("--heads 99", "invalid head 99"),
        ("--layer 0 --layers 0", "--layers or --layer, not both"),
        ("--kind x", "unknown kind"),
        ("--kind cross", "cross"),
        ("--weighting x", "unknown weighting 'x'"),
        ("--aggregate x", "unknown aggregate 'x'"),
        ("--split 99", "invalid split 99"),
        ("--carry x", "unknown thing to carry 'x'"),
        ("--tokens re:[", "invalid"),
        ("--at 0", "with --view neuron"),
        ("--view neuron --at 99", "invalid at 99"),
        ("--view neuron --head 99", "invalid head 99"),
        ("--alignment", "with --kind cross"),
    ],
    "walk P": [
        ("--layer 99", "invalid layer 99"),
        ("--layer -1", "invalid layer -1"),
        ("--layer in", "Invalid value for '--layer'"),
        ("--at 99", "invalid at 99"),
    ],
    "explore P": [
        ("--pick x~y~z", "invalid token"),
        ("--temperature 0", "invalid temperature 0"),
        ("--k 0", "invalid k 0"),
        ("--top-p 2", "invalid top_p 2"),
        ("--sample -1", "Invalid value for '--sample'"),
        ("--sample 2 --seed -1", "invalid seed -1"),
        ("--max-new-tokens 3", "with --sample or --ramble"),
        ("--sample 2 --max-new-tokens 0", "invalid max_new_tokens 0"),
        ("--target x", "target"),
    ],
    "embed P": [
        ("--pooling x", "unknown pooling 'x'"),
        ("--layer 99", "invalid layer 99"),
        ("--nearest a --project a b", "one of --nearest, --analogy, --project"),
        ("--nearest a --k 0", "invalid k 0"),
        ("--nearest=", "invalid"),
        ("--analogy a b", "requires 3 arguments"),
        ("--exact", "with --nearest or --analogy"),
    ],
    "embed": [("--pooling mean", "with texts"), ("--nearest x~y~z", "invalid token")],
    "report P": [
        ("--lens x", "unknown lens of a report 'x'"),
        ("--lens lens --lens lens", "one or more different names"),
        ("--html a.txt", "a name ending in .html"),
        ("--svg a.svg", "No such option"),
    ],
    "compare P": [("", "missing B"), ("P --lens x", "unknown"), ("P --names a", "invalid names")],
    "anatomy": [
        ("--model /nowhere/x", "/nowhere/x"),
        ("--model no/such-model", "no/such-model"),
        ("--model ''", "invalid model ''"),
        ("--dtype int3", "dtype 'int3'"),
        ("--device moon", "device 'moon'"),
        ("--device cuda:99", "cuda:99"),
        ("--device-map x", "invalid device_map 'x'"),
    ],
    "serve": [
        ("--port 99999", "see cutaway serve --help"),
        ("--host 192.0.2.1 --trust-network", "invalid host '192.0.2.1'"),
        ("--models nowhere", "invalid folder of models"),
        ("--budget nan", "invalid budget nan"),
        ("--runs {folder}.html/x/\0", "null"),
    ],
    "runs": [
        ("show zz", "invalid id of a run 'zz'"),
        ("show abcd", "unknown run 'abcd'"),
        ("add", "FILE or --prompt TEXT"),
        ("add S --prompt x", "FILE or --prompt TEXT"),
        ("add S --keep all", "--name and --tag only"),
        ("add S --chat", "--name and --tag only"),
        ("add nowhere.trace", "is not there"),
        ("add --prompt x --tag ~", "not blank"),
        ("export abcd a.txt", "a name ending in .trace"),
        ("list --limit -1", "Invalid value for '--limit'"),
        ("compare abcd abce", "unknown run 'abcd'"),
        ("rm", "Missing argument"),
        ("rm abcd", "unknown run 'abcd'"),
        ("nothing", "No such command"),
    ],
}  # fmt: skip


@pytest.fixture
def place(tiny_lm: ct.LM, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with a saved trace and folders that are named like files."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CUTAWAY_RUNS", str(tmp_path / "runs"))
    for suffix in ("html", "trace"):
        (tmp_path / f"folder.{suffix}").mkdir()
    tiny_lm.trace(PROMPT, keep="lens").save(tmp_path / "saved.trace")
    return tmp_path


def words_of(line: str, place: Path) -> list[str]:
    """A line of the table as arguments; "~" is a space inside of one."""
    given = {"P": PROMPT, "S": str(place / "saved.trace"), "''": ""}
    filled = line.format(folder=place / "folder")
    return [given.get(word, word.replace("~", " ")) for word in filled.split(" ") if word]


@pytest.mark.parametrize("command", REFUSED)
def test_what_is_wrong_is_said_in_a_sentence(
    command: str, place: Path, tiny_lm: ct.LM, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    if command != "anatomy":
        monkeypatch.setattr(api, "load", lambda *_, **__: tiny_lm)
    before = sorted(place.rglob("*"))
    wrong = []
    for options, words in REFUSED[command]:
        code, out, err = run(capsys, *words_of(f"{command} {options}", place))
        in_words = err.startswith("cutaway: ") and err.count("\n") == 1 and "mistake" not in err
        if (code, out) != (2, "") or not in_words or words not in err:
            wrong.append(f"{command} {options}: {code} {out[:80]!r} {err[:400]!r}; {words!r}")
    assert not wrong, "\n".join(wrong)
    left = [path for path in sorted(place.rglob("*")) if path not in before]
    assert all("runs" in path.parts for path in left)


@pytest.mark.parametrize("verb", [name for name in cli.VERBS if name not in ("runs", "doctor")])
def test_an_empty_text_and_one_that_is_no_text_are_refused(
    verb: str, place: Path, tiny_lm: ct.LM, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """The second is what a shell hands on of bytes that are no UTF-8."""
    if verb in ("anatomy", "demo", "serve"):
        pytest.skip("takes no text")
    monkeypatch.setattr(api, "load", lambda *_, **__: tiny_lm)
    more = {"watch": ["--token", "a"], "pairs": ["--token", "a"], "compare": ["x"]}
    for text in ("", "a\udcff"):
        code, out, err = run(capsys, verb, text, *more.get(verb, []))
        assert (code, out) == (2, ""), f"{text!r}: {out[:200]} {err}"
        assert re.fullmatch(r"cutaway: (invalid|missing) .*\n", err), err


def test_a_store_of_a_newer_version_is_refused(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import sqlite3

    ct.runs()
    with sqlite3.connect(place / "runs" / "index.sqlite") as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    for line in (("runs", "list"), ("serve", "--port", "0")):
        code, out, err = run(capsys, *line)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert "written by a newer Cutaway; pip install -U cutaway" in err

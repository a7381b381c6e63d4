"""The doctor names what is there, what is missing and what to type."""

from pathlib import Path

import pytest

from cutaway.app import doctor
from cutaway.trace.card import Capability
from tests.trace.linear import CARD


def found() -> dict[str, doctor.Finding]:
    return {finding.name: finding for finding in doctor.examine()}


def test_what_is_installed_is_named_with_its_version() -> None:
    findings = found()
    assert findings["torch"].state == "ok"
    assert findings["devices"].words.startswith("cpu")
    assert {"cutaway", "python", "cache", "hub cache", "front end", "chromium"} <= set(findings)


def test_what_is_missing_says_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_version", lambda package: "")
    findings = found()
    assert str(findings["torch"]) == "!!  torch            missing: pip install torch"
    assert findings["captum"].state == "-"
    assert "pip install 'cutaway[captum]'" in findings["captum"].words


def test_folders_are_where_the_environment_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CUTAWAY_CACHE", str(tmp_path))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "absent"))
    (tmp_path / "a").write_bytes(bytes(1500))
    (tmp_path / "link").symlink_to("a")
    findings = found()
    assert findings["cache"].words == f"{tmp_path} (1.5 kB)"
    assert findings["hub cache"].state == "-"
    assert "not there yet" in findings["hub cache"].words


def test_what_is_proven_is_said_with_its_reason() -> None:
    card = type(CARD)(**{**vars(CARD), "capabilities": {
        "logit lens": Capability(True, "by hand"), "inside": Capability(False, "of that"),
    }})  # fmt: skip
    model, *rest = doctor.proven(card)
    assert model.words.startswith("linear, 320 parameters")
    assert [(one.state, one.name, one.words) for one in rest] == [
        ("ok", "logit lens", "proven: by hand"),
        ("-", "inside", "not available, because of that"),
    ]

"""The examples run and their claims hold; each asserts what its page says."""

from __future__ import annotations

import os
import runpy
from pathlib import Path
from unittest.mock import patch

import pytest

FOLDER = Path(__file__).parents[1] / "examples"
EXAMPLES = sorted(path for path in FOLDER.glob("[!_]*.py") if path.stem != "dates")


# examples/trackers.py: MLflow's own tables are declared in a way that SQLAlchemy gives up, and W&B
# leaves folders to be cleaned up when its objects are collected.
@pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy is deprecated")
@pytest.mark.filterwarnings("ignore:Implicitly cleaning up:ResourceWarning")
@pytest.mark.slow
@pytest.mark.parametrize("script", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs(
    script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """Pages and pictures go to a folder of their own, not over those in docs/.

    examples/dates.py, which trains a model, is run by the fixture that all tests of it share.
    """
    monkeypatch.syspath_prepend(str(FOLDER))
    given = [tmp_path]
    if script.stem == "alignment_gallery":
        given.append(request.getfixturevalue("dates_folder"))
    monkeypatch.setattr("sys.argv", [str(script), *map(str, given)])
    with patch.dict(os.environ):  # examples say to libraries what a user would say in the shell
        runpy.run_path(str(script), run_name="__main__")
    assert any(tmp_path.iterdir()), f"{script.name} wrote nothing"

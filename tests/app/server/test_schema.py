"""The API does what its schema says: schemathesis sends what fits it and what does not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cutaway.model.lm import LM

from .starting import started

CONFIG = """
[parameters]
run_id = "{run}"
a = "{run}"
b = "{run}"
[[operations]]
include-name = "DELETE /api/runs/{{run_id}}"
parameters = {{ run_id = "0000" }}
"""


@pytest.mark.slow
def test_schemathesis_finds_nothing(server_lm: LM, tmp_path: Path) -> None:
    """Every check but one: what a model, a lens or the store refuses is in no schema."""
    with started(tmp_path / "runs", server_lm) as made:
        config = tmp_path / "schemathesis.toml"
        config.write_text(CONFIG.format(run=made.run()))
        token = f"Authorization: Bearer {made.service.settings.token}"
        done = subprocess.run(
            [
                sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run",
                f"{made.base}api/openapi.json", "--header", token, "--checks", "all",
                "--exclude-checks", "positive_data_acceptance", "--phases", "coverage,fuzzing",
                "--max-examples", "3", "--seed", "1", "--no-color", "--continue-on-failure",
                "--generation-database", "none",
            ],
            capture_output=True, text=True, check=False, cwd=tmp_path,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        assert "Tested: 23" in done.stdout
        assert not (tmp_path / "runs" / "serve.log").exists()
        assert made.client.get("/api/state").status_code == 200

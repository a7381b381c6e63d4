"""One server for the tests that only ask it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import cutaway as ct
from cutaway.model.lm import LM
from tests.models import tiny

from .starting import Started, started

_FOLDER = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Half a minute in all: a server is started, asked and stopped."""
    for item in items:
        if item.path.is_relative_to(_FOLDER):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="package")
def server_lm() -> LM:
    """A model of the servers' own, for its passes are held up; it says no end token soon."""
    return ct.wrap(*tiny("llama", seed=1))


@pytest.fixture(scope="package")
def server(server_lm: LM, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    """A server with that model."""
    folder = tmp_path_factory.mktemp("runs")
    with started(folder, server_lm) as made:
        yield made
    assert not (folder / "serve.log").exists(), "a fault was logged"


@pytest.fixture(scope="package")
def run_id(server: Started) -> str:
    """A run of that server."""
    return server.run(name="keys", tags=["one", "two"])

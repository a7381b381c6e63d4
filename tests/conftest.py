"""What the tests share: quiet libraries, no network, and two models."""

from __future__ import annotations

import gc
import os
import runpy
import sys
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest

# Read by the libraries when they are imported: nothing here may look for a hub.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

if TYPE_CHECKING:
    from cutaway.model.lm import LM


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What tests import stays: searching it for garbage again and again took 9 s of the suite."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(scope="session", autouse=True)
def quiet() -> None:
    """transformers logs what a tiny random model lacks; only its errors are of interest."""
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()


@pytest.fixture(scope="session")
def smol() -> LM:
    """The embedded default model, in the user's own cache; fetched if it is not there."""
    import cutaway

    return cutaway.load()


@pytest.fixture(scope="session")
def dates_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What examples/dates.py writes: an encoder-decoder, trained once for all tests of it."""
    folder = tmp_path_factory.mktemp("dates")
    script = Path(__file__).parents[1] / "examples" / "dates.py"
    with patch.object(sys, "path", [str(script.parent), *sys.path]):
        runpy.run_path(str(script))["main"](folder)
    return folder


@pytest.fixture(scope="session")
def dates(dates_folder: Path) -> LM:
    """An encoder-decoder that writes dates anew."""
    import cutaway

    return cutaway.load(dates_folder)


@pytest.fixture(scope="session")
def tiny_lm() -> LM:
    """A tiny random Llama, wrapped."""
    import cutaway
    from tests.models import tiny

    return cutaway.wrap(*tiny("llama"))

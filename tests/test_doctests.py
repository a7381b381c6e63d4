"""The examples in the docstrings hold."""

from __future__ import annotations

import doctest
import re
from importlib import import_module

import pytest

from .test_imports import MODULES, module_name

#: A line of an example that is run: looking for examples where there are none takes seconds.
EXAMPLE = re.compile(r">>> (?!.*# doctest: \+SKIP)")
SHOWN = [module_name(path) for path in MODULES if EXAMPLE.search(path.read_text("utf-8"))]


@pytest.mark.parametrize("name", SHOWN)
def test_the_examples_of_a_module(name: str) -> None:
    results = doctest.testmod(import_module(name), optionflags=doctest.ELLIPSIS)
    assert results.attempted
    assert not results.failed

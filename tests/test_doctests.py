"""The examples in the docstrings hold."""

from __future__ import annotations

import doctest
from importlib import import_module

import pytest

from .test_imports import MODULES, module_name


@pytest.mark.parametrize("name", [module_name(path) for path in MODULES])
def test_the_examples_of_a_module(name: str) -> None:
    if name.endswith("__main__"):
        pytest.skip("importing it runs the command line")
    results = doctest.testmod(import_module(name), optionflags=doctest.ELLIPSIS)
    assert not results.failed

"""What a user can type is exactly what is announced, and each name says what it is."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest

import cutaway

TYPED = ast.parse(Path(cutaway.__file__).read_text("utf-8"))


def test_names_are_announced_once_and_in_order() -> None:
    names = [name for name in cutaway.__all__ if name.islower()]
    classes = [name for name in cutaway.__all__ if not name.islower()]
    assert sorted(classes + names) == sorted(set(cutaway.__all__))
    assert names == sorted(names)


def test_every_public_name_is_visible_and_nothing_else() -> None:
    assert set(cutaway._HOMES) == set(cutaway.__all__) <= set(dir(cutaway))


def test_type_checkers_see_the_same_names() -> None:
    seen = {
        alias.asname or alias.name
        for block in TYPED.body
        if isinstance(block, ast.If)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert seen == set(cutaway.__all__)


@pytest.mark.parametrize("name", cutaway.__all__)
def test_a_public_name_is_documented_with_an_example(name: str) -> None:
    text = inspect.getdoc(getattr(cutaway, name))
    assert text, f"{name} has no docstring"
    assert ">>>" in text, f"{name}'s docstring has no example"


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'logit_lense'"):
        _ = cutaway.logit_lense

"""Every error has one root and says the value, what is allowed and what to do."""

import numpy as np
import pytest

from cutaway.core import errors


@pytest.mark.parametrize("name", errors.__all__)
def test_every_error_has_the_one_root(name: str) -> None:
    assert issubclass(getattr(errors, name), errors.CutawayError)


@pytest.mark.parametrize(
    ("problem", "builtin"),
    [
        (errors.UnknownError("lens", "x"), ValueError),
        (errors.InvalidError("k", 0), ValueError),
        (errors.MissingError("it"), LookupError),
        (errors.FileError("a", "is empty"), OSError),
    ],
)
def test_they_are_what_python_users_catch(problem: Exception, builtin: type) -> None:
    assert isinstance(problem, builtin)


def test_a_message_leaves_out_what_is_not_said() -> None:
    assert str(errors.UnknownError("lens", "x")) == "unknown lens 'x'"
    assert str(errors.InvalidError("k", 0, fix="give 1")) == "invalid k 0; give 1"
    assert str(errors.MissingError("the tail")) == "missing the tail"
    assert str(errors.FileError("a", "is empty")) == "'a' is empty"


def test_a_long_value_is_cut() -> None:
    message = str(errors.InvalidError("text", "x" * 10_000, allowed="less"))
    assert len(message) < 200
    assert message.endswith("…; allowed: less")


class Unprintable:
    def __repr__(self) -> str:
        raise RuntimeError("no")


def test_a_value_that_can_not_be_printed_is_named_by_its_type() -> None:
    assert str(errors.InvalidError("k", Unprintable())) == "invalid k (Unprintable)"
    assert str(errors.UnknownError("id", 10**5_000)) == "unknown id (int)"


def test_a_message_is_one_line() -> None:
    table = str(errors.InvalidError("layers", np.zeros((2, 2)), allowed="one"))
    assert table == "invalid layers array([[0., 0.], [0., 0.]]); allowed: one"
    assert str(errors.InvalidError("text", "a\n  b")) == "invalid text 'a\\n  b'"


def test_no_part_of_a_message_is_endless() -> None:
    text = "x" * 100_000
    for problem in (
        errors.FileError(text, text, fix=text), errors.UnknownError("a", text, allowed=[text]),
        errors.InvalidError("a", text, allowed=text, fix=text),
    ):  # fmt: skip
        assert len(str(problem)) < 3_100
        assert "…" in str(problem)

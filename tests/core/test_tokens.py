"""What is printed for a token is never empty and never a control character."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cutaway.core.tokens import TokenRow, byte_label, display_text

# Nothing here may depend on the speed of the machine or on luck.
steady = settings(deadline=None, derandomize=True)


def row(**changes: object) -> TokenRow:
    values = {
        "ids": (1, 2, 3), "labels": ("a", "‹F0›", "‹9F›"), "starts": (0, 1, 1), "ends": (1, 2, 2),
        "text": "a😀", "n_prompt": 2, "special": (False,) * 3, "roles": ("",) * 3,
    }  # fmt: skip
    return TokenRow(**{**values, **changes})  # type: ignore[arg-type]


def test_parts_of_a_character_all_cover_it() -> None:
    assert row().texts == ("a", "😀", "😀")
    assert len(row()) == 3


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"labels": ("a",)}, "3 tokens, but {'labels': 1}"),
        ({"roles": ("",) * 4}, "3 tokens, but {'roles': 4}"),
        ({"n_prompt": 4}, "4 prompt tokens of 3"),
        ({"n_prompt": -1}, "-1 prompt tokens of 3"),
    ],
)
def test_rows_of_unequal_length_are_refused(changes: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        row(**changes)


@steady
@given(st.text())
def test_a_label_can_be_drawn(text: str) -> None:
    label = display_text(text)
    assert label
    assert not {"Cc", "Cf", "Cs", "Zl", "Zp"} & {unicodedata.category(c) for c in label}
    assert not unicodedata.combining(label[0])


@steady
@given(st.text(alphabet=" \n\t\r\u00a0ab"), st.text(alphabet=" \n\t\r\u00a0ab"))
def test_different_texts_have_different_labels(a: str, b: str) -> None:
    assert (display_text(a) == display_text(b)) == (a == b)


def test_bytes_are_labelled_by_their_numbers() -> None:
    assert byte_label([0x0A, 0xF0]) == "‹0A›‹F0›"

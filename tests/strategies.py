"""What people and programs may give: texts of all of Unicode, token ids, options of generate."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

__all__ = ["ids", "options", "texts"]

_CONTROLS = st.text(st.characters(categories=("Cc", "Cf", "Zl", "Zp")), max_size=20)
_SURROGATES = st.text(st.characters(categories=("Cs",)), min_size=1, max_size=3)
_RIGHT_TO_LEFT = st.text("אבגדהוابتثج ‏‮", max_size=20)
_COMBINING = st.text("ae\u0301\u0308\u20e3\u200d\ufe0f👩👧", max_size=20)
_MARKUP = st.sampled_from(
    ["<script>alert(1)</script>", "<|endoftext|>", "\x1b]0;x\x07", "[bold]x[/]", "{{x}}", "%s%n"]
)


def texts() -> st.SearchStrategy[str]:
    """Texts: anything of Unicode, with lone surrogates, and the sorts that break programs."""
    sorts = (st.text(max_size=40), _CONTROLS, _SURROGATES, _RIGHT_TO_LEFT, _COMBINING, _MARKUP)
    return st.lists(st.one_of(*sorts), max_size=3).map("".join)


def ids(rows: int) -> st.SearchStrategy[list[Any]]:
    """Rows of token ids, most of them in a table of so many rows."""
    inside = st.integers(0, rows - 1)
    odd = st.one_of(
        st.integers(-(2**70), 2**70), st.booleans(), st.floats(), st.none(), st.text(max_size=2)
    )
    return st.one_of(st.lists(inside, max_size=12), st.lists(st.one_of(inside, odd), max_size=4))


def options() -> st.SearchStrategy[dict[str, Any]]:
    """Options of generate, in and out of range, of the right sort and of others."""
    number = st.one_of(
        st.integers(-2, 5), st.floats(-1, 3), st.none(), st.booleans(), st.just("2"),
        st.sampled_from([float("nan"), float("inf"), 2**63, 10**400]),
    )  # fmt: skip
    names = ("max_new_tokens", "temperature", "top_k", "top_p", "num_beams", "seed")
    return st.fixed_dictionaries({}, optional=dict.fromkeys(names, number))

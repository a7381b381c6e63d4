"""Every lens on both sides of an encoder-decoder: what docs/encoder-decoders.md says is so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

import cutaway as ct
from tests.model.seq2seq import SOURCE, TARGET, opened
from tests.pages import DOCS

pytestmark = pytest.mark.slow


def rows() -> Iterator[tuple[str, bool, bool]]:
    """Call, whether the decoder's trace answers it, and whether the encoder's does."""
    page = (DOCS / "encoder-decoders.md").read_text("utf-8")
    table = page.split("## Every lens, on both sides")[1].split("\n## ")[0]
    for line in table.splitlines():
        if line.startswith("| `"):
            asked, *sides = (cell.strip() for cell in line.strip("|\n").split(" | "))
            yes = [re.split(r"\W", side.strip(" |"))[0] == "yes" for side in sides]
            for call in re.findall(r"`([^`]+)`", asked):
                yield call, yes[0], yes[1]


def answer(call: str, lm: Any, trace: Any, other: Any) -> str:
    """ "yes" where it gives numbers and a picture, or the error."""
    known = {"ct": ct, "lm": lm, "trace": trace, "other": other, "source": SOURCE}
    try:
        view = eval(call, known)
        assert view.data.sizes or view.data.children, call
        assert view.spec.header["title"]
    except ct.CutawayError as refused:
        return str(refused)
    return "yes"


def found(lm: Any, source: tuple[str, str], target: tuple[Any, Any]) -> list[tuple[str, bool, str]]:
    """Call, what the page says of it, and what it gives, of both sides."""
    a, b = (lm.trace(read, target=said) for read, said in zip(source, target, strict=True))
    sides = ((lm, a, b), (lm.encoder, a.encoder, b.encoder))
    return [
        (call, said[side], answer(call, *sides[side])) for call, *said in rows() for side in (0, 1)
    ]


def holds(told: list[tuple[str, bool, str]]) -> None:
    assert len(told) > 40
    wrong = [(call, yes, got) for call, yes, got in told if yes != (got == "yes")]
    assert not wrong, "\n".join(map(str, wrong))
    assert all(len(got) > 20 for _, yes, got in told if not yes)  # each refusal says why


@pytest.mark.parametrize("family", ["bart", "t5"])
def test_the_table_is_true_of_families(family: str) -> None:
    holds(found(opened(family), (SOURCE, SOURCE.replace("keys", "cats")), (TARGET, TARGET)))


def test_the_table_is_true_of_the_trained_one(dates: ct.LM) -> None:
    said = dates.generate("12th of march 2021", max_new_tokens=12)
    ids = list(said.token_ids)
    holds(found(dates, ("12th of march 2021", "14th of march 2021"), (ids, ids)))

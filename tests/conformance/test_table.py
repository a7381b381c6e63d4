"""What the page of families promises, and that its rows hold in other precisions."""

from __future__ import annotations

import pytest
import torch

from cutaway.model.discover import discover
from tests.models import kind_of, tiny_model

from .expected import QUICK
from .survey import PROBE
from .table import PATH, columns_of, marks_in

PAGE = marks_in(PATH.read_text(encoding="utf-8"))
SPEAKING = ("", "masked", "seq2seq")
LANGUAGE = {name: cells for name, cells in PAGE.items() if kind_of(name)[0] in SPEAKING}
PLAIN = [name for name in QUICK if kind_of(name)[0] in ("", "masked")]


def test_at_least_so_many_language_models_are_exact() -> None:
    """Of the three lists that 263 tiny models could be built from by other means."""
    exact = sum(cells[0] == "yes" for cells in LANGUAGE.values())
    attention = sum(cells[2] in ("yes", "none") for cells in LANGUAGE.values())
    neurons = sum(cells[4] == "yes" for cells in LANGUAGE.values())
    assert exact >= 258
    assert attention >= 225
    assert neurons >= 225


def experts_in(family: str) -> str:
    """The cell of a family's mixture; "" where its list has none."""
    columns = columns_of(kind_of(family)[0])
    return PAGE[family][columns.index("experts")] if "experts" in columns else ""


def test_the_words_elsewhere_count_as_the_page_does() -> None:
    """README, changelog and pages say numbers of the page."""
    causal, masked = (
        [cells for name, cells in PAGE.items() if kind_of(name)[0] == kind]
        for kind in ("", "masked")
    )
    lens, filled = (sum(cells[0] == "yes" for cells in rows) for rows in (causal, masked))
    attention = sum(cells[2] == "yes" for cells in causal)
    routed = [mark for mark in map(experts_in, PAGE) if mark in ("yes", "choice", "no")]
    had = sum(mark != "no" for mark in routed)
    said = {
        "README.md": f"Of the {len(causal)} causal families of transformers {lens} give an exact "
        f"lens and {attention} exact attention weights",
        "docs/encoders.md": f"Of transformers' {len(masked)} families of them {filled} are exact",
        "docs/attention.md": f"compare {attention} causal families with a second model",
        "docs/experts.md": f"{had} of {len(routed)} entries are proven",
        "CHANGELOG.md": f"looks at all {len(PAGE)} entries of transformers' lists",
    }
    for name, words in said.items():
        text = " ".join((PATH.parents[1] / name).read_text("utf-8").split())
        assert words in text, f"{name} says something else: {words}"


def test_what_is_not_yes_has_a_reason() -> None:
    for name, cells in PAGE.items():
        assert cells[-1] or all(cell in ("yes", "none", "") for cell in cells[:-1]), name


@pytest.mark.parametrize("family", PLAIN)
def test_a_row_says_what_is_proven_in_half_precision(family: str) -> None:
    found = discover(tiny_model(family).to(torch.bfloat16), PROBE).capabilities
    names = ("logit lens", "inside", "attention", "queries and keys", "neurons", "saliency")
    assert [found[name].proven for name in names] == [mark == "yes" for mark in PAGE[family][:6]]

"""Draws docs/gallery/factors.md: figures of Alammar's articles on Ecco, on SmolLM2.

    python examples/factors_gallery.py [FOLDER]

Each part asserts what its words say, loosely enough for another machine's rounding. The pictures
are photographs of the saved pages.
"""

from __future__ import annotations

import numpy as np
import xarray as xr
from _gallery import Gallery, draw

import cutaway as ct

INTRODUCTION = """\
# Gallery: neuron factors

Figures of Jay Alammar's ["Interfaces for Explaining Transformer Language
Models"](https://jalammar.github.io/explaining-transformers/),
which he drew of GPT-2 with Ecco, here of SmolLM2-135M. What is said of each picture is what *this*
model does; `examples/factors_gallery.py` draws the pictures and checks the words.
[What the numbers mean](../factors.md)."""
COUNTRIES = "The countries of the European Union are:\n1. Austria\n2. Belgium\n3. Bulgaria\n4."
XML = (
    "<library><book><title>Dune</title><author>Frank Herbert</author></book>"
    "<book><title>Emma</title><author>Jane Austen</author></book></library>"
)
PROSE = (
    "The river rose in the night. By morning the lower fields were under water, and the farmer "
    "moved his sheep to the hill. His wife packed the silver and the books, and the children, who "
    "had never seen so much water, threw sticks from the window. At noon the rain stopped, the sun "
    "came out, and a boat from the village brought bread, milk and news."
)
FACTORS = (".factor-pair",)


def count(lm: ct.LM, page: Gallery) -> None:
    trace = lm.generate("1, 2, 3,", max_new_tokens=12)
    two, five = (ct.factors(trace, n=n, exclude=[0]) for n in (2, 5))
    whole = ct.factors(trace, n=5)
    kinds = [kind_of(trace, whole.data, f) for f in range(5)]
    own = int(np.argmax([float(whole.data["factor"].isel(factor=f, position=0)) for f in range(5)]))

    assert [kind_of(trace, two.data, f) for f in range(2)] == ["mixed", "·"]
    assert {",", "·", "digit"} <= {kind_of(trace, five.data, f) for f in range(5)}
    assert kinds[own] == "digit"
    assert int(whole.data["half"][own]) < 100
    assert two.data.attrs["error"] > five.data.attrs["error"]

    page.say(
        "## A count",
        f"“{trace.text.strip()}” in two and in five factors, the first token left out.",
    )
    page.show(two, "factors-count-2", "Two factors", parts=FACTORS, width=1100)
    page.show(five, "factors-count-5", "Five factors", parts=FACTORS, width=1100)
    page.say(
        "Two factors tell spaces from all else; five tell commas and digits apart. The first token "
        "is left out because it takes a factor to itself: with it, "
        f"{int(whole.data['half'][own])} neurons carry half of that factor, where thousands carry "
        "half of each other one."
    )


def countries_in_six(lm: ct.LM, page: Gallery) -> None:
    trace = lm.generate(COUNTRIES, max_new_tokens=24)
    view = ct.factors(trace, n=6, exclude=[0])
    kinds = [kind_of(trace, view.data, f) for f in range(6)]

    assert {".", "↵", "digit", "word"} <= set(kinds)

    page.say("## The list in six factors")
    page.show(view, "factors-list", "Six factors", parts=FACTORS, width=1300)
    page.say(
        "Full stops, line ends, the numbers and the countries each have a factor; the rest is the "
        "heading. What comes out is painted by the activation that produced it, one position "
        "earlier: a country that was said is painted as the full stop before it."
    )


def xml(lm: ct.LM, page: Gallery) -> None:
    trace = lm.trace(XML)
    view = ct.factors(trace, n=10, exclude=[0])
    kinds = [kind_of(trace, view.data, f) for f in range(10)]

    assert "><" in kinds
    assert kinds.count("word") >= 3
    assert view.data.attrs["error"] < 0.5

    page.say("## XML in ten factors")
    page.show(view, "factors-xml", "Ten factors", parts=FACTORS, width=1300)
    page.say(
        "Brackets between tags, closing brackets, names of tags and names of people are told "
        "apart; several factors are a single token."
    )


def prose(lm: ct.LM, page: Gallery) -> None:
    trace = lm.trace(PROSE)
    all_blocks = ct.factors(trace, n=18, exclude=[0])
    first = ct.factors(trace, n=10, layers=0, exclude=[0])
    tops = [tokens_of(trace, first.data, f) for f in range(10)]

    assert any(set(top) <= {"·At", "·to", "·from", "·under", "·in", "·By"} for top in tops)
    assert any({"·the"} == set(top) for top in tops)
    assert any(set(top) <= {"·noon", "·morning", "·night"} and len(top) > 1 for top in tops)
    assert any(set(top) <= {"·and"} for top in tops)

    page.say("## A paragraph in eighteen factors, and its first block in ten")
    page.show(
        all_blocks,
        "factors-prose",
        "All blocks, eighteen factors",
        parts=FACTORS,
        width=1300,
        height=1060,
    )
    page.show(first, "factors-first-block", "Block 0 alone, ten factors", parts=FACTORS, width=1300)
    page.say(
        "The neurons of the first block alone sort words by what they are: nouns, verbs, weather "
        "and water, times of day (“ noon”, “ morning”, “ night”), prepositions, “ the”, “ his”, "
        "commas, “ and”, full stops. Nobody told them to. With all blocks the factors follow the "
        "text as well: places in a clause, and what goes on in it."
    )


def tokens_of(trace: ct.Trace, data: xr.Dataset, factor: int) -> list[str]:
    """The tokens at which a factor is at least half as strong as at its strongest."""
    values = np.nan_to_num(data["factor"].values[factor])
    return [trace.tokens.labels[i] for i in np.flatnonzero(values > values.max() / 2)]


def kind_of(trace: ct.Trace, data: xr.Dataset, factor: int) -> str:
    """What the tokens of a factor have in common: one token, digits, or words."""
    tops = set(tokens_of(trace, data, factor))
    if len(tops) == 1:
        only = next(iter(tops))
        return "digit" if only.isdecimal() else "word" if only.strip("·").isalpha() else only
    if all(top.isdecimal() for top in tops):
        return "digit"
    return "word" if all(top.strip("·").isalpha() for top in tops) else "mixed"


if __name__ == "__main__":
    draw("factors", INTRODUCTION, (count, countries_in_six, xml, prose))

"""Draws docs/gallery/saliency.md: figures of Alammar's articles on Ecco, on SmolLM2.

    python examples/saliency_gallery.py [FOLDER]

Each part asserts what its words say, loosely enough for another machine's rounding. The pictures
are photographs of the saved pages.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from _gallery import Gallery, draw

import cutaway as ct

INTRODUCTION = """\
# Gallery: what it read

Figures of Jay Alammar's ["Interfaces for Explaining Transformer Language
Models"](https://jalammar.github.io/explaining-transformers/),
which he drew of GPT-2 with Ecco, here of SmolLM2-135M. What is said of each picture is what *this*
model does; `examples/saliency_gallery.py` draws the pictures and checks the words.
[What the numbers mean](../saliency.md)."""
COUNTRIES = "The countries of the European Union are:\n1. Austria\n2. Belgium\n3. Bulgaria\n4."
QUESTION = "What is the answer to the ultimate question of life, the universe, and everything?"
STRIP = (".strip",)


def shakespeare(lm: ct.LM, page: Gallery) -> None:
    trace = lm.generate("William Shakespeare was born in the year", max_new_tokens=5)
    view = ct.saliency(trace)
    digits = range(trace.n_prompt + 1, trace.n_positions)
    name = [share_of(view, j, ("William", "·Shakespeare")) for j in digits]
    year = trace.text.rsplit(" ", 1)[1]

    assert year.startswith("15")
    assert min(name) > 0.35
    assert year != "1564"

    page.say("## A birth year", f"“William Shakespeare was born in the year {year}”.")
    show_strip(page, view, "saliency-year", "What the third digit was said for", digits[2])
    page.say(
        "GPT2-XL knew that it was 1564; this model, ten times smaller, does not. But it looks at "
        f"the same place: the name carries {listed_shares(name)} of the four digits' saliency "
        "(53 % and 60 % of two tokens in the article). A map says what was used, not that it was "
        "right."
    )


def countries(lm: ct.LM, page: Gallery) -> None:
    trace = lm.generate(COUNTRIES, max_new_tokens=24)
    view = ct.saliency(trace)
    labels = trace.tokens.labels
    first = labels.index("·Croatia")
    czech = labels.index("·Czech")
    to_bulgaria = share_of(view, first, ("·Bulgaria",))
    to_names = share_of(view, czech, ("·Croatia", "·Bulgaria", "·Belgium", "·Austria"))

    assert first == trace.n_prompt
    assert "Russia" in trace.text
    assert to_bulgaria > 0.25
    assert to_names > 0.5

    page.say(
        "## A list",
        f"The model goes on: “{trace.text[len(COUNTRIES) :].strip()}”.".replace("\n", " "),
    )
    show_strip(page, view, "saliency-list", "What “ Czech” was said for", czech)
    page.say(
        f"It keeps the form (number, full stop, country, line end) and reads countries to name "
        f"countries: “ Bulgaria” alone has {percent(to_bulgaria)} of “ Croatia”, and the countries "
        f"before it have {percent(to_names)} of “ Czech”. The order is alphabetical almost to the "
        "end, as DistilGPT2's was; “ Russia” is no member, and no map shows that."
    )


def ones(lm: ct.LM, page: Gallery) -> None:
    trace = lm.generate(" 1, 1, 1,", max_new_tokens=6)
    view = ct.saliency(trace)
    rows = view.data["saliency"]
    digit = [j for j in range(trace.n_prompt, trace.n_positions) if trace.tokens.labels[j] == "1"]
    first = [float(rows.sel(target=j, source=0)) for j in digit]
    spread = [float(rows.sel(target=j).max()) for j in digit]

    assert trace.text == " 1, 1, 1, 1, 1,"
    assert max(spread) < 0.35
    assert max(first) < 0.2

    page.say("## A pattern", "“ 1, 1, 1,” is continued with more of the same.")
    show_strip(page, view, "saliency-ones", "What the last “1” was said for", digit[-1])
    page.say(
        "In GPT2-XL the first token carried the largest share of every output. Here nothing does: "
        f"the largest share of a “1” is {percent(max(spread))}, and the first token has at most "
        f"{percent(max(first))}. (Here a token is a digit, a comma or a space alone; GPT-2's “ 1” "
        "is one token.)"
    )


def chat(lm: ct.LM, page: Gallery) -> None:
    trace = lm.generate([{"role": "user", "content": QUESTION}], max_new_tokens=24)
    view = ct.saliency(trace)
    labels = trace.tokens.labels
    asked = [i for i, role in enumerate(trace.tokens.roles[: trace.n_prompt]) if role == "user"]
    copied = next(j for j in range(trace.n_prompt, len(labels)) if labels[j] == "·ultimate")
    row = view.data["saliency"].sel(target=copied)
    to_question = float(row.isel(source=asked).sum())
    strongest = labels[int(np.nanargmax(row.values))]

    assert "ultimate question of life" in trace.text[-200:]
    assert strongest == "·ultimate"
    assert to_question > 0.2

    page.say("## The ultimate question", f"The model is asked: “{QUESTION}”")
    show_strip(page, view, "saliency-chat", "What the answer's “ ultimate” was said for", copied)
    page.say(
        "It answers by saying the question again. Where it says “ ultimate”, the strongest token "
        f"is the “ ultimate” it was asked, and the user's turn has {percent(to_question)}; the "
        "rest lies on the chat template and its standing instruction. DialoGPT's answer leant on "
        "the question mark first."
    )


def show_strip(page: Gallery, view: ct.View, name: str, caption: str, at: int) -> None:
    page.show(view, name, caption, f"at={at}&detail=yes", parts=STRIP, width=1300)


def share_of(view: ct.View, target: int, labels: Iterable[str]) -> float:
    """The saliency of some tokens together."""
    row = view.data["saliency"].sel(target=target)
    wanted = np.isin(view.data["source_input"].values.astype(str), list(labels))
    return float(row.values[wanted & ~np.isnan(row.values)].sum())


def percent(part: float) -> str:
    return f"{100 * part:.0f} %"


def listed_shares(shares: Iterable[float]) -> str:
    return ", ".join(percent(share) for share in shares)


if __name__ == "__main__":
    draw("saliency", INTRODUCTION, (shakespeare, countries, ones, chat))

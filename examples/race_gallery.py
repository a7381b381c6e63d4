"""Draws docs/gallery/race.md: figures of Alammar's articles on Ecco, on SmolLM2.

    python examples/race_gallery.py [FOLDER]

Each part asserts what its words say, loosely enough for another machine's rounding. The pictures
are photographs of the saved pages.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import xarray as xr
from _gallery import Gallery, draw

import cutaway as ct

INTRODUCTION = """\
# Gallery: the race of tokens

Figures of Jay Alammar's ["Finding the Words to Say"](https://jalammar.github.io/hidden-states/),
which he drew of GPT-2 with Ecco, here of SmolLM2-135M. What is said of each picture is what *this*
model does; `examples/race_gallery.py` draws the pictures and checks the words.
[What the numbers mean](../watch.md)."""
SPAIN = (
    "Some of the most glorious historical attractions in Spain date from the period of Muslim "
    "rule, including The Mezquita, built as the Great Mosque of Cordoba and the Medina Azahara, "
    "also in Cordoba and now in ruins but still visitable as such and built as the Madinat al-"
    "Zahra, the Palace of al-Andalus; and the Alhambra in Granada, a splendid, intact palace. "
    "There are also two synagogues still standing that were built during the era of Muslim Spain:"
    " Santa Maria la Blanca in Toledo and the Synagogue of Cordoba, in the Old City. Reconquista "
    "and Imperial era"
)
RACE = (".chart-box", ".card-head")


def airport(lm: ct.LM, page: Gallery) -> None:
    trace = lm.trace("Heathrow airport is located in the city of")
    view = ct.watch(trace, [" London", " Paris", " New"])
    last = view.data["rank"].sel(layer=29)
    lead = first_lead(view.data, "·London")

    assert int(last.sel(token="·London")) == 1
    assert lead > 15

    page.say("## Heathrow", "“Heathrow airport is located in the city of”")
    page.show(view, "race-london", "Three cities through the layers", parts=RACE, width=1100)
    page.say(
        f"“ London” ends first and is ahead of the other two for good from layer {lead} on. "
        "DistilGPT2 has six layers to do it in; this model has thirty and uses the last ones."
    )


def spain(lm: ct.LM, page: Gallery) -> None:
    trace = lm.generate(SPAIN, max_new_tokens=12)
    steps = range(trace.n_prompt - 1, trace.n_positions - 1)
    view = ct.logit_lens(trace, rank_of="next", positions=steps, every=3)
    ranks = ct.logit_lens(trace, rank_of="next", positions=steps).data["rank"]
    half = float(ranks.sel(layer=15).median())
    late = [int((ranks.sel(layer=layer) == 1).sum()) for layer in (20, 25, 28, 29)]

    assert late[-1] == len(steps)
    assert late == sorted(late)
    assert late[0] <= 3
    assert half > 20
    assert "Alhambra" in trace.text[len(SPAIN) :]

    page.say("## The rank grid of a passage", "A passage on Spain; the model adds its own words.")
    page.show(view, "grid-spain", "The rank of the token that was said, first block on top",
              parts=(".grid", ".legend"), width=1500)  # fmt: skip
    page.say(
        f"It goes on: “{trace.text[len(SPAIN) :].strip()}”. After the last layer every rank is 1, "
        f"as it must be. After layer 15 the median rank is {half:,.0f}; after layers 20, 25 and 28 "
        f"the token said is on top in {late[0]}, {late[1]} and {late[2]} of {len(steps)} steps. "
        "In the article's GPT-2 models it was often on top half way up."
    )


def keys(lm: ct.LM, page: Gallery) -> None:
    traces = lm.trace(["The keys to the cabinet", "The key to the cabinets"])
    view = ct.pairs(traces, [" is", " are"])
    last = view.data["rank"].sel(layer=29)
    noun = ct.saliency(traces[0], targets=5)
    held = share_of(noun, 5, ("·keys",))

    assert int(last.isel(run=0).sel(token="·are")) < int(last.isel(run=0).sel(token="·is"))
    assert int(last.isel(run=1).sel(token="·is")) < int(last.isel(run=1).sel(token="·are"))
    assert held > 0.3

    page.say(
        "## The keys to the cabinet", "The verb has to agree with a noun that is not the last."
    )
    page.show(view, "pairs-keys", "Ranks of “ is” and “ are”", parts=(".panels",), width=900)
    page.say(
        "Both are right at the end: “ are” before “ is” after “keys”, “ is” before “ are” after "
        f"“key”. The word “ keys” has {percent(held)} of the saliency of what comes next."
    )


def doctors(lm: ct.LM, page: Gallery) -> None:
    traces = lm.trace(["The doctor said that", "The nurse said that"])
    view = ct.pairs(traces, [" he", " she"])
    doctor, nurse = (view.data["rank"].sel(layer=29).isel(run=run).values for run in (0, 1))

    assert nurse[1] < nurse[0]
    assert doctor[1] < doctor[0]

    page.say("## The doctor and the nurse", "A probe for bias in its shortest form.")
    page.show(view, "pairs-doctor", "Ranks of “ he” and “ she”", parts=(".panels",), width=900)
    page.say(
        f"GPT-2 gave “ he” to the doctor and “ she” to the nurse. This model prefers “ she” for "
        f"both (ranks of “ he” and “ she”: {doctor[0]} and {doctor[1]} for the doctor, {nurse[0]} "
        f"and {nurse[1]} for the nurse). Two sentences are an anecdote, whichever way they point."
    )


def first_lead(data: xr.Dataset, token: str) -> int:
    """The layer from which a token is ahead of the others watched, for good."""
    ahead = data["rank"].sel(token=token) == data["rank"].min("token")
    behind = data["layer"].values[~ahead.values]
    return int(behind.max()) + 1 if behind.size else -1


def share_of(view: ct.View, target: int, labels: Iterable[str]) -> float:
    """The saliency of some tokens together."""
    row = view.data["saliency"].sel(target=target)
    wanted = np.isin(view.data["source_input"].values.astype(str), list(labels))
    return float(row.values[wanted & ~np.isnan(row.values)].sum())


def percent(part: float) -> str:
    return f"{100 * part:.0f} %"


if __name__ == "__main__":
    draw("race", INTRODUCTION, (airport, spain, keys, doctors))

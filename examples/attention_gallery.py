"""Draws docs/gallery/attention.md: what articles show with BertViz, on SmolLM2.

    python examples/attention_gallery.py [FOLDER]

Each part asserts what its words say, loosely enough for another machine's rounding. The pictures
are photographs of the saved pages.
"""

from __future__ import annotations

import numpy as np
import xarray as xr
from _gallery import Gallery, draw

import cutaway as ct

INTRODUCTION = """\
# Gallery: attention

The examples of articles on BertViz, which were drawn of BERT and GPT-2, here of SmolLM2-135M with
its 270 heads. What is said of each picture is what *this* model does;
`examples/attention_gallery.py` draws the pictures and checks the words.
[What the numbers mean](../attention.md), and what they don't."""
LIST = (
    "The dog, the cat, and the bird went home; they were tired, hungry, and cold. The farmer, who "
    "had waited, fed them."
)
WORDS = "river candle seven orange tower gentle window copper salt brother thunder paper violet."
OTHERS = "blue stone market singer quiet ladder apple desk."
#: The parts of the page that are photographed: the model view, its head, the head view.
LOOKED, ENLARGED, HEADS = (".looked",), (".looked > :nth-child(2)",), (".looked.is-heads",)
#: A head that finds who a pronoun may stand for; see the part `animal`.
FINDER = {"layer": 13, "head": 8}


def patterns(lm: ct.LM, page: Gallery) -> None:
    view = ct.attention(lm.trace(LIST), tokens=[","])
    names = {
        "previous": "the token before", "same": "the token itself", "first": "the first token",
        "duplicate": "the same token earlier", "chosen": "commas",
    }  # fmt: skip
    rows = []
    for name, words in names.items():
        layer, head, score = strongest(view, name)
        rows.append(f"| {words} | layer {layer}, head {head} | {percent(score)} |")
    broad, comma = strongest(view, "broad"), strongest(view, "chosen")

    assert all(strongest(view, name)[2] > 0.45 for name in names)
    assert broad[2] > 0.8
    assert float(view.figures["next"].max()) == 0

    page.say(
        "## The patterns", f"“{LIST}”",
        "The article finds by eye heads that look at the same word, at the next, at delimiters, at "
        "commas, and evenly at all. Here each is a figure, and the grid is sorted by it:",
    )  # fmt: skip
    heading = ["| looks at | the head that does most | mean mass |", "|---|---|---|"]
    page.say("\n".join([*heading, *rows]))
    fragment = f"sort=chosen&head={comma[0]}.{comma[1]}"
    page.show(view, "attention-comma", "All heads, those that look at commas first",
              fragment=fragment, parts=LOOKED, width=1300)  # fmt: skip
    page.say(
        f"The broadest head, {broad[1]} of layer {broad[0]}, has {percent(broad[2])} of the "
        "entropy of even attention. No head looks at the next token: it has not been read yet."
    )


def induction(lm: ct.LM, page: Gallery) -> None:
    view = ct.attention(lm.trace(f"{WORDS} {WORDS}"))
    layer, head, score = strongest(view, "induction")
    other = ct.attention(lm.trace(f"{OTHERS} {OTHERS}"), layers=layer, heads=head).figures
    again = other["induction"].item()

    assert score > 0.7
    assert again > 0.6

    page.say("## Induction", f"A list of words, twice: “{WORDS}”")
    page.show(view, "attention-induction", "The head with the most induction as a matrix",
              fragment="sort=induction&form=matrix", parts=LOOKED, width=1300)  # fmt: skip
    page.say(
        f"Head {head} of layer {layer} puts {percent(score)} of its attention, on average, on what "
        "followed the same token the first time: the stripe below the diagonal. On another list, "
        f"“{OTHERS}”, it puts {percent(again)} there. Heads of this kind are what a model repeats "
        "with (Olsson et al. 2022)."
    )


def doctor(lm: ct.LM, page: Gallery) -> None:
    prompts = {who: f"The doctor asked the nurse a question. {who}" for who in ("She", "He")}
    views = {who: ct.attention(lm.trace(text)) for who, text in prompts.items()}
    nouns = ("·doctor", "·nurse")
    she, he = (np.stack([on(views[who], noun) for noun in nouns]) for who in ("She", "He"))
    means = {"She": she.mean(axis=(1, 2)), "He": he.mean(axis=(1, 2))}
    contrary, expected = she[:, 9, 3], she[:, 9, 4]

    assert contrary[0] > 2 * contrary[1]
    assert he[1, 9, 3] > 2 * he[0, 9, 3]
    assert expected[1] > 2 * expected[0]
    assert abs(means["She"] - means["He"]).max() < 0.02

    page.say(
        "## The doctor and the nurse", f"“{prompts['She']}” and “… He”. The article sees in one "
        "head of GPT-2 that “She” is taken for the nurse and “He” for the doctor.",
    )  # fmt: skip
    page.show(views["She"], "attention-doctor", "Heads 3 and 4 of layer 9, from “She”",
              fragment="view=heads&head=9.3&on=3.4", parts=HEADS, width=1300)  # fmt: skip
    page.say(
        f"Head 4 of layer 9 says the same: “She” puts {percent(expected[1])} on “nurse” and "
        f"{percent(expected[0])} on “doctor”. Head 3, beside it, says the contrary: "
        f"{percent(contrary[0])} on “doctor” and {percent(contrary[1])} on “nurse”, and from “He” "
        f"{percent(he[1, 9, 3])} on “nurse” and {percent(he[0, 9, 3])} on “doctor”. Over all 270 "
        f"heads “She” has {percent(means['She'][0])} on “doctor” and {percent(means['She'][1])} on "
        f"“nurse”, “He” {percent(means['He'][0])} and {percent(means['He'][1])}. Whoever looks for "
        "one head finds the one that agrees with him. A claim of bias needs many sentences, and "
        "what the model then says, not a picture.",
    )


def animal(lm: ct.LM, page: Gallery) -> None:
    start = "The animal didn't cross the street because it"
    passive = "The street wasn't crossed by the animal because it"
    park = "The dog didn't go to the park because it"
    child = "The child didn't open the box because it"
    view = ct.attention(lm.trace(start))
    found = {text: finder(lm, text) for text in (start, passive, park, child)}

    assert found[start]["·animal"] > 0.6 > 0.1 > found[start]["·street"]
    assert found[passive]["·animal"] > 0.6 > 0.1 > found[passive]["·street"]
    assert found[park]["·dog"] > 0.6 > 0.1 > found[park]["·park"]
    assert found[child]["·child"] < 0.5
    assert found[child]["·box"] > 0.1

    page.say("## The animal and the street", f"“{start}”: whom does “it” stand for?")
    page.show(view, "attention-animal", "Head 8 of layer 13, from “it”",
              fragment="head=13.8", parts=ENLARGED, width=1300)  # fmt: skip
    page.say(
        f"From “it”, head 8 of layer 13 puts {percent(found[start]['·animal'])} on “animal” and "
        f"{percent(found[start]['·street'])} on “street”. It does not look for the subject, "
        f"nor for a place in the sentence: in “{passive}” it is "
        f"{percent(found[passive]['·animal'])} on “animal”. In “{park}” it is "
        f"{percent(found[park]['·dog'])} on “dog” and {percent(found[park]['·park'])} on “park”. "
        f"That is no rule either: in “{child}” it is {percent(found[child]['·child'])} on “child” "
        f"and {percent(found[child]['·box'])} on “box”."
    )


def tired(lm: ct.LM, page: Gallery) -> None:
    start = "The animal didn't cross the street because it was too"
    views = {word: ct.attention(lm.trace(f"{start} {word}")) for word in ("tired", "wide")}
    weights = {word: view.data["weight"].values for word, view in views.items()}
    street = {word: on(view, "·street")[4, 2] for word, view in views.items()}
    means = {word: on(view, "·street").mean() for word, view in views.items()}
    says = ct.predictions(lm.trace(start), layer=29, k=2).data["token"].values[0]

    before = [each[:, :, :-1] for each in weights.values()]
    assert np.abs(before[0] - before[1]).max() < 1e-5
    assert street["wide"] > 3 * street["tired"]

    page.say(
        "### Tired or wide", f"“{start} …”",
        "With “tired” the pronoun is the animal, with “wide” the street. Pictures of encoders show "
        "the attention of “it” go over from one to the other. In a causal model it can't: “it” has "
        "looked before the last word is read. The weights of all earlier tokens are the same in "
        "both sentences; what differs is what the last word itself looks at.",
    )  # fmt: skip
    page.show(views["wide"], "attention-wide", "Head 2 of layer 4, from “wide”",
              fragment="head=4.2", parts=ENLARGED, width=1300)  # fmt: skip
    page.say(
        f"Head 2 of layer 4 looks at “street” with {percent(street['wide'])} from “wide” and with "
        f"{percent(street['tired'])} from “tired”; the mean over all heads is "
        f"{percent(means['wide'])} and {percent(means['tired'])}. Left to itself this model says "
        f"neither, but “{says[0].strip('·')}”, then “{says[1].strip('·')}”."
    )


def norms(lm: ct.LM, page: Gallery) -> None:
    trace = lm.trace(LIST)
    plain = ct.attention(trace).data["weight"].values
    view = ct.attention(trace, weighting="output_norm")
    wrote = view.data["weight"].values
    shares = wrote / wrote.sum(axis=-1, keepdims=True)
    first, carried = plain[:, :, 1:, 0].mean(), shares[:, :, 1:, 0].mean()
    last = ct.attention(trace, aggregate="rollout").data["weight"].sel(layer=29).values[-1, 0]

    assert carried < first - 0.05
    assert last > 0.99

    page.say("## The first token", f"“{LIST}”")
    page.show(view, "attention-norms", "The weight times the length of what is written for it",
              parts=LOOKED, width=1300)  # fmt: skip
    page.say(
        f"An average head puts {percent(first)} of its attention on the first token. By the length "
        f"of what it writes, that is {percent(carried)}: less, and not nothing. Attention rollout, "
        f"which multiplies the layers, ends with {percent(last)} on it, as it must in a causal "
        "model of thirty blocks: [why](../attention.md)."
    )


def strongest(view: ct.View, name: str) -> tuple[int, int, float]:
    """Layer, head and value of the largest figure of a name."""
    figure: xr.DataArray = view.figures[name].fillna(-1)  # type: ignore[attr-defined]
    at = figure.argmax(("layer", "head"))
    found = figure.isel(at)
    return int(found["layer"]), int(found["head"]), float(found)


def on(view: ct.View, label: str) -> np.ndarray:
    """(layer, head) the weight of the last token on the first one with a label."""
    data = view.data
    key = data["key_input"].values.tolist().index(label)
    return data["weight"].isel(query=-1, key=key).values


def finder(lm: ct.LM, text: str) -> dict[str, float]:
    """What the last token looks at in the head that finds what a pronoun stands for."""
    row = ct.attention(lm.trace(text)).data["weight"].sel(FINDER).isel(query=-1)
    return dict(zip(row["key_input"].values.tolist(), row.values.tolist(), strict=True))


def percent(part: float) -> str:
    return f"{100 * part:.0f} %"


if __name__ == "__main__":
    draw("attention", INTRODUCTION, (patterns, induction, doctor, animal, tired, norms))

"""Draws docs/gallery/logit-lens.md: what the logit-lens post and its readers looked at, on SmolLM2.

    python examples/lens_gallery.py [FOLDER]

Each part asserts what its words say, loosely enough for another machine's rounding. The pictures
are photographs of the saved pages.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import xarray as xr
from _gallery import Gallery, draw

import cutaway as ct

ABSTRACT = (
    "Specifically, we train GPT-3, an autoregressive language model with 175 billion parameters, "
    "10x more than any previous non-sparse language model, and test its performance in the "
    "few-shot setting."
)
PLASMA = "When a doctor says plasma, she means a part of the blood. When a physicist says"
LOOP = "the blue lantern, the red door, the blue lantern, the red door, the blue lantern,"
SENTENCE = "The old man took his dog and walked slowly to the"
INTRODUCTION = """\
# Gallery: the logit lens

What the [logit-lens
post](https://www.lesswrong.com/posts/AcKRB8wDpdaN6v6ru/interpreting-gpt-the-logit-lens) and its
readers looked at on GPT-2, here on SmolLM2-135M. What is said of each picture is what *this* model
does; `examples/lens_gallery.py` draws the pictures and checks the words. Every third layer is
drawn, the last on top. [What the numbers mean](../logit-lens.md)."""


def abstract(lm: ct.LM, page: Gallery) -> None:
    trace = lm.trace(ABSTRACT)
    segment = range(10, 23)
    view = ct.logit_lens(trace, positions=segment, every=3)
    data = ct.logit_lens(trace).data
    billion = trace.tokens.labels.index("·billion")
    rank = {layer: median(data["rank"].sel(layer=layer)) for layer in (0, 17, 26)}
    kl = {layer: median(data["kl"].sel(layer=layer)) for layer in (-1, 0, 20, 29)}
    read = ct.logit_lens(trace, rank_of="input").data
    kept = {layer: float((read["rank"].sel(layer=layer) == 1).mean()) for layer in (-1, 0)}

    assert trace.tokens.labels[billion + 1] == top(data, billion) == "·parameters"
    assert probability(data, billion) > 0.4
    assert stays_from(data, billion) >= 27
    assert 60 > rank[0] > rank[17] > 8
    assert rank[26] < 6
    assert kl[-1] > 4 * kl[0]
    assert kl[20] > 0.7 * kl[0]
    assert kl[29] == 0
    assert kept[-1] > 0.7
    assert kept[0] < 0.2

    page.say(
        "## An abstract",
        "A sentence of the abstract of the GPT-3 paper; thirteen of its tokens are drawn, the "
        "model has read all before them.",
    )
    page.show(view, "abstract-top", "The top token after every third layer, by its probability")
    page.say(
        f"After “billion” the model says “ parameters” with {share(data, billion)}, but only from "
        f"layer {stays_from(data, billion)} on. In the post, GPT-2's guesses were often sensible "
        "half way up; here they are not: the middle rows hold punctuation and little words, and "
        "most of what is said in the end appears in the last three layers.",
    )
    page.show(view, "abstract-rank", "The rank of the final top token", "mode=rank")
    page.say(
        f"The rank of what the model will say has a median (over the whole sentence) of "
        f"{rank[0]:.0f} after layer 0, still {rank[17]:.0f} after layer 17, and {rank[26]:.0f} "
        "after layer 26. GPT-2 XL had “got the gist” by its middle layers; this model gets it "
        "in its last third.",
    )
    page.show(view, "abstract-kl", "KL(final ‖ layer), in nats", "mode=kl")
    page.say(
        f"KL(final ‖ layer) has a median of {kl[-1]:.0f} nats in the input row, {kl[0]:.0f} after "
        f"layer 0, {kl[20]:.0f} after layer 20, and 0 at the end. The jump away from the input at "
        "the very first layer is the post's; the smooth descent after it is not: here KL is flat "
        "for twenty layers and falls in the last ten.",
    )
    view = ct.logit_lens(
        trace, positions=segment, every=3, rank_of="input", against="input"
    )  # fmt: skip
    page.show(view, "abstract-input", "The rank of the token that was read", "mode=rank")
    page.say(
        "Embedding and unembedding are one matrix in this model, so the input row decodes to the "
        f"token that was read in {percent(kept[-1])} of the positions. After layer 0 it is on top "
        f"in {percent(kept[0])}: the input is discarded at once, as in the post.",
    )


def plasma(lm: ct.LM, page: Gallery) -> None:
    trace = lm.trace(PLASMA)
    last = trace.n_positions - 1
    first = trace.tokens.labels.index("·plasma")
    copied = ct.logit_lens(trace, rank_of=" plasma").data
    read = ct.logit_lens(trace, rank_of="input").data["rank"].sel(layer=slice(0, 27))
    over_layers = read.median("layer")
    rare = float(over_layers.sel(position=first))
    others = median(over_layers.sel(position=[i for i in range(1, last) if i != first]))

    assert top(copied, last) == "·plasma"
    assert stays_from(copied, last) >= 28
    assert int(copied["rank"].sel(position=last, layer=15)) > 1000
    assert int(copied["rank"].sel(position=last, layer=27)) > 50
    assert rare > 5 * others

    page.say(
        "## A rare word copied",
        f"“{PLASMA}” The rare word came once, {last - first} tokens ago.",
    )
    view = ct.logit_lens(trace, positions=range(last - 5, last + 1), every=3, rank_of=" plasma")
    page.show(view, "plasma-copied", "The rank of “ plasma” over the last tokens")
    page.say(
        f"The model says “ plasma” with {share(copied, last)}, and like GPT-2 it finds it at the "
        f"very end: rank {int(copied['rank'].sel(position=last, layer=15)):,} after layer 15, "
        f"{int(copied['rank'].sel(position=last, layer=27)):,} after layer 27, on top from layer "
        f"{stays_from(copied, last)}.",
    )
    view = ct.logit_lens(trace, positions=range(first - 3, first + 4), every=3, rank_of="input")
    page.show(view, "plasma-read", "The rank of the token that was read, where “ plasma” was read")
    page.say(
        "The post found that a rare token is kept in view where it is read, and guessed that this "
        "is how it can be copied later. Here it is the other way round: where “ plasma” is read, "
        f"its rank has a median of {rare:,.0f} over the layers, and the other tokens’ of "
        f"{others:,.0f}. The word is kept, for it is copied; the unembedding does not see how.",
    )


def loop(lm: ct.LM, page: Gallery) -> None:
    trace = lm.generate(LOOP, max_new_tokens=16)
    produced = "".join(trace.tokens.texts[trace.n_prompt :])
    data = ct.logit_lens(trace, rank_of="next").data
    blue = [i for i, label in enumerate(trace.tokens.labels[:-1]) if label == "·blue"]
    final, late, half = (
        [int(data["rank"].sel(position=i, layer=layer)) for i in blue] for layer in (29, 24, 15)
    )

    assert produced.startswith(" the red door, the blue lantern, the red door")
    assert final[0] > 100
    assert final[2:] == [1] * (len(blue) - 2)
    assert min(half) > 10_000
    assert late == sorted(late, reverse=True)
    assert min(stays_from(data, i) for i in blue[2:]) >= 27

    page.say(
        "## A text that repeats itself until the model does",
        f"The model reads “{LOOP}” and goes on: “{produced.strip()}”.",
    )
    view = ct.logit_lens(trace, positions=range(*blue[1::2]), every=3, rank_of="next")
    page.show(view, "loop", "The rank of the token that came", "mode=rank")
    page.say(
        "Each time “ blue” is read, “ lantern” is to come. Its rank at the end is "
        f"{listed(final)}: on top from the third round on. After layer 15 it is {listed(half)}: "
        "the lower half does not show the pattern however often it was read, as in the post. After "
        f"layer 24 it is {listed(late)}: lower with every round, and still far from the top. In "
        "GPT-2 the upper half had settled it; here the last three layers do.",
    )


def asked_for(lm: ct.LM, page: Gallery) -> None:
    traces = {word: asked(lm, word) for word in ("river", "window")}
    start = traces["river"].n_prompt - 1
    ranks = {word: followed(trace) for word, trace in traces.items()}
    final = {word: data["rank"].sel(layer=29).values for word, data in ranks.items()}
    middle = {word: data["rank"].sel(layer=10).values for word, data in ranks.items()}

    assert top(ranks["river"], traces["river"].n_positions - 1) == "·river"
    assert top(ranks["window"], traces["window"].n_positions - 1) == "·window"
    assert (final["river"] < final["window"]).all()
    ratio = np.median(final["window"] / final["river"])
    alike = np.median(middle["window"] / middle["river"])
    early = int((final["river"] < 1000).sum())
    assert early > 4
    assert ratio > 5
    assert 0.8 < alike < 1.25

    page.say(
        "## A word asked for",
        "A reader of the post asked: tell the model to end a sentence with a certain word, and see "
        "how the word casts its influence back over the sentence. The model is asked to end “"
        f"{SENTENCE} …” with “river”; the lens follows “ river”.",
    )
    view = ct.logit_lens(
        traces["river"], positions=range(start, traces["river"].n_positions), every=3,
        rank_of=" river",
    )  # fmt: skip
    page.show(view, "asked-for", "The rank of “ river”, when the sentence shall end with it")
    page.say(
        "It does. Asked to end with “window” instead, the model gives “ river” a rank that is "
        f"{ratio:.0f} times larger (median over the sentence, last layer), and larger at every "
        f"single token: {listed(final['river'])} against {listed(final['window'])}. The word is "
        f"among the first thousand at {early} of the {len(final['river'])} tokens. In the middle "
        "layers nothing of this shows: after layer 10 the median ratio is "
        f"{alike:.2f}.",
    )


def asked(lm: ct.LM, word: str) -> ct.Trace:
    """The model's own answer starts with the sentence; it is given, so that both have the same."""
    question = f"End the sentence with the word {word}: {SENTENCE}"
    return lm.generate([{"role": "user", "content": question}], continuation=SENTENCE)


def followed(trace: ct.Trace) -> xr.Dataset:
    positions = range(trace.n_prompt - 1, trace.n_positions)
    return ct.logit_lens(trace, rank_of=" river", positions=positions).data


def top(data: xr.Dataset, position: int) -> str:
    return str(data["token"].sel(position=position, layer=29, k=0).values)


def percent(part: float) -> str:
    return f"{100 * part:.0f} %"


def listed(ranks: Iterable[int]) -> str:
    return ", ".join(f"{rank:,}" for rank in ranks)


def median(values: xr.DataArray) -> float:
    return float(values.median())


def probability(data: xr.Dataset, position: int) -> float:
    return float(data["probability"].sel(position=position, layer=29, k=0))


def share(data: xr.Dataset, position: int) -> str:
    return percent(probability(data, position))


def stays_from(data: xr.Dataset, position: int) -> int:
    """The layer from which the final top token stays on top."""
    tops = data["token_id"].sel(position=position, k=0)
    same = (tops == tops.sel(layer=29)).values
    return int(data["layer"].values[len(same) - same[::-1].argmin() if not same.all() else 0])


if __name__ == "__main__":
    draw("logit-lens", INTRODUCTION, (abstract, plasma, loop, asked_for))

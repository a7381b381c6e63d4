"""Draws docs/gallery/alignment.md: an encoder-decoder whose alignment is known, through its lenses.

    python examples/alignment_gallery.py [FOLDER [MODEL]]

MODEL is a folder that examples/dates.py has written; without it the model is trained first, in
half a minute. Each part asserts what its words say, loosely enough for another machine's rounding.
The pictures are photographs of the saved pages.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import dates
from _gallery import Gallery, draw

import cutaway as ct

INTRODUCTION = """\
# Gallery: which source token belongs to which

A translation has no alignment in it that could be checked. Dates have: each digit of “2021-03-12”
comes from known tokens of “12 march 2021”. `examples/dates.py` trains a small encoder-decoder
(BART's architecture: one block that reads, two that write) to write them, from eight forms in which
the parts stand in different orders, and counts how often cross attention and saliency point at the
right token; `examples/alignment_gallery.py` draws these pictures.
[What the numbers mean](../encoder-decoders.md)."""
TEXT = "on friday the 12th of march in the year 2021"
WRITTEN = "2021-03-12"
GRID = (".grid", ".legend")
COUNTS: dict[str, float] = {}


def load() -> ct.LM:
    """The trained model; its counts go to COUNTS."""
    if len(sys.argv) > 2:
        return opened(Path(sys.argv[2]))
    with TemporaryDirectory() as folder:
        dates.main(Path(folder))
        return opened(Path(folder))


def opened(folder: Path) -> ct.LM:
    COUNTS.update(json.loads((folder / dates.COUNTS).read_text("utf-8")))
    return ct.load(folder)


def counted(_: ct.LM, page: Gallery) -> None:
    best = max((name for name in COUNTS if name.startswith("attention")), key=COUNTS.__getitem__)
    assert COUNTS["exact"] > 0.99
    assert COUNTS[best] > 0.6
    assert COUNTS["saliency"] > 0.6
    assert max(COUNTS["chance"], COUNTS["diagonal"]) < 0.2
    rows = [f"| {name} | {percent(part)} |" for name, part in COUNTS.items() if name != "exact"]
    page.say(
        "## Counted",
        f"Of {dates.WRITTEN} dates on days that it never learnt from, it writes "
        f"{percent(COUNTS['exact'])} without a fault. Of the digits of {dates.COUNTED}, the share "
        "whose largest source token is one that they are made from:",
        "\n".join(["| by | right |", "|---|---|", *rows]),
        "“Attention” is the mean over the heads of a block; “diagonal” is the token that stands as "
        "far along the source as the digit along the target.",
    )


def attention(lm: ct.LM, page: Gallery) -> None:
    trace = lm.generate(TEXT, max_new_tokens=12)
    view = ct.attention(trace, kind="cross")
    matrix = view.alignment().data["weight"].sel(layer=1)
    year = [float(matrix.sel(target=3, source=13)), float(matrix.sel(target=4, source=14))]
    month = matrix.sel(target=7).values
    zero = trace.encoder.tokens.labels[int(matrix.sel(target=6).values.argmax())].strip("·")

    assert WRITTEN in trace.text
    assert min(year) > 0.5
    assert trace.encoder.tokens.labels[int(month.argmax())] == "·march"

    page.say("## Cross attention", f"“{TEXT}” → “{WRITTEN}”")
    page.show(
        view.alignment(), "alignment-attention", "The mean over the heads of layer 1",
        fragment="layer=1&at=7&source=7", parts=GRID, width=1300,
    )  # fmt: skip
    page.say(
        "The position that says each of the last digits of the year looks at that digit "
        f"({percent(year[0])}, {percent(year[1])}), the one that says the 3 of the month at "
        f"“march” ({percent(float(month.max()))}). For the 0 before it, it looks most at “{zero}”: "
        "the encoder has read the whole source by then, and what a position holds need not be of "
        "the token that stood there."
    )
    page.show(
        view, "alignment-heads", "All heads of layer 1, from the position that says the 3",
        fragment="view=heads&head=1.0&at=6", parts=(".looked.is-heads",), width=1300,
    )  # fmt: skip


def saliency(lm: ct.LM, page: Gallery) -> None:
    view = ct.saliency(lm.generate(TEXT, max_new_tokens=12))
    shares = view.data["source_saliency"].sel(target=[6, 7])
    own = float(shares.sel(target=7).sum())
    most = shares["source_position_input"].values[shares.values.argmax(axis=1)].tolist()

    assert most == ["·march", "·march"]

    page.say(
        "## Saliency",
        f"Input × gradient of the 3 of “{WRITTEN}”: {percent(own)} of it lies on the source, the "
        "rest on what was written before. The gradient goes on through the encoder to the tokens "
        "themselves: for the 0, too, it points at “march”.",
    )  # fmt: skip
    page.show(
        view, "alignment-strips", "The two texts, coloured by their shares",
        fragment="at=7&source=7&detail=yes", parts=(".card",), width=1300,
    )  # fmt: skip
    page.show(
        view.alignment(), "alignment-saliency", "The source's part of every target",
        fragment="at=7&source=7", parts=GRID, width=1300,
    )  # fmt: skip


def percent(part: float) -> str:
    return f"{100 * part:.0f} %"


if __name__ == "__main__":
    draw("alignment", INTRODUCTION, (counted, attention, saliency), load)

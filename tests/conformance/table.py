"""docs/families.md, a row for each family, and the counts: python -m tests.conformance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import torch
import transformers

from tests.models import kind_of

from .outcome import LENSES, Outcome

__all__ = ["LISTS", "PATH", "columns_of", "marks_in", "page", "row", "tally", "totals"]

PATH = Path(__file__).parents[2] / "docs" / "families.md"
#: What a family is built as -> the heading of its table.
LISTS = {
    "": "Causal language models",
    "masked": "Masked language models",
    "seq2seq": "Sequence to sequence (encoder-decoders)",
    "speech": "Speech recognition (encoder-decoders)",
    "sequence": "Text classification",
    "token": "Token classification",
    "span": "Extractive question answering",
}
_CLASSIFIERS = ("sequence", "token", "span")
#: Lists some of whose families have a mixture of experts.
_MIXED = ("", "seq2seq", *_CLASSIFIERS)
#: What is had of a mixture's routers -> its mark.
_ROUTED = {"": "", "refused": "no", "choices": "choice", "scores": "yes"}
_SHORT = {"logit lens": "lens", "queries and keys": "q and k", "cross-attention": "cross"}

_HEAD = """# Model families

All {count} entries of transformers' own lists of models that read text, or hear and write it, built
tiny with random weights, and what Cutaway proved on each. Nothing here is told by a family's name:
the parts are found by watching one pass and proven on another, so that a model that is not listed
is treated the same way.

{tally}

- **lens**: the logit lens of every state equals the model in float64 with its upper blocks
  bypassed, at every layer; of an encoder-decoder, its decoder's. **classes**: so do the labels'
  logits of a classifier.
- **inside**: blocks have a state between attention and MLP.
- **attention**: the weights of every head are those of a second model that runs eager attention,
  within 1e-4; "none" where no block attends. **cross**: so are a decoder's weights on its source.
- **q and k**: queries and keys are recorded, and give these weights by themselves.
- **neurons**: every neuron's activation is what the MLP's down-projection takes.
- **saliency**: input x gradient equals that of one plain backward pass.
- **experts**: of a mixture, the experts that its routers chose, their weights and every score are
  those that its experts took and its model computed; "choice" where the scores of some block are
  not had; empty where there is no mixture.
- **proven**: on which day, with which transformers.

Beside these, of every family that is not refused: the model answers the same while it is
recorded, its hooks, modes, weights and configuration are as they were, and its trace comes back
from a file to the last bit. "Not run": no tiny model of it could be built or run on token ids.

Random weights show that the arithmetic is right, and nothing about what a trained model does.
Written by `make families`; the slow tests hold each row against a run of their own.
"""


def page(outcomes: Sequence[Outcome]) -> str:
    """The whole page: a table for each of transformers' lists."""
    head = _HEAD.format(count=len(outcomes), tally=tally(outcomes))
    return "\n".join([head, *_tables(outcomes)]) + "\n"


def _tables(outcomes: Sequence[Outcome]) -> Iterator[str]:
    when = f"{date.today().isoformat()}, {transformers.__version__}"
    for kind, heading in LISTS.items():
        columns = columns_of(kind)
        yield f"\n## {heading}"
        names = " | ".join(_SHORT.get(name, name) for name in columns)
        yield f"| family | {names} | proven | or because |"
        yield "|---" * (len(columns) + 3) + "|"
        for outcome in outcomes:
            if kind_of(outcome.family)[0] == kind:
                yield row(outcome, when)


def columns_of(kind: str) -> tuple[str, ...]:
    """What is asked of the families of a list, in the order of its table."""
    first = "classes" if kind in _CLASSIFIERS else LENSES[0]
    crossing = ["cross-attention"] * (kind in ("seq2seq", "speech"))
    return (first, *LENSES[1:], *crossing, *["experts"] * (kind in _MIXED))


def row(outcome: Outcome, when: str = "") -> str:
    """One family's line of the page."""
    columns = columns_of(kind_of(outcome.family)[0])
    other = outcome.verdict if not outcome.marks else ""
    known = {"experts": _ROUTED[outcome.experts], **outcome.marks}
    marks = " | ".join(other or known.get(name, "none") for name in columns)
    why = outcome.why.replace("|", "/").replace("\n", " ").replace("<", "&lt;")
    return f"| `{outcome.family}` | {marks} | {when if outcome.marks else ''} | {why} |"


def marks_in(text: str) -> dict[str, list[str]]:
    """Family -> the cells of its line on a page, without when it was proven."""
    lines = [line for line in text.splitlines() if line.startswith("| `")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {first.strip("`"): [*rest[:-2], rest[-1]] for first, *rest in cells}


def totals(outcomes: Sequence[Outcome], kinds: Sequence[str]) -> dict[str, int]:
    """How many there are, ran, are exact, are refused, have each lens, are mixtures."""
    own = [one for one in outcomes if kind_of(one.family)[0] in kinds]
    counts = {
        "listed": len(own),
        "ran": sum(one.verdict != "not run" for one in own),
        **{word: sum(one.verdict == word for one in own) for word in ("exact", "refused", "wrong")},
    }
    for name in LENSES[1:]:
        counts[name] = sum(one.marks.get(name) in ("yes", "none") for one in own)
    counts["mixtures"] = sum(one.experts != "" for one in own)
    counts["experts"] = sum(one.experts in ("choices", "scores") for one in own)
    return counts


def tally(outcomes: Sequence[Outcome]) -> str:
    """The counts of each list, as a table."""
    versions = f"transformers {transformers.__version__}, torch {torch.__version__}"
    lists = [*[(heading, [kind]) for kind, heading in LISTS.items()],
             ("All language models", ["", "masked", "seq2seq"]), ("All", list(LISTS))]  # fmt: skip
    rows = {heading: totals(outcomes, kinds) for heading, kinds in lists}
    names = list(rows["All"])
    return "\n".join([
        f"| {versions} | {' | '.join(_SHORT.get(name, name) for name in names)} |",
        "|---" * (len(names) + 1) + "|",
        *[f"| {heading} | {' | '.join(map(str, of.values()))} |" for heading, of in rows.items()],
    ])  # fmt: skip

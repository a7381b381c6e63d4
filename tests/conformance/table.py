"""Writes docs/families.md, what is proven of each family: python -m tests.conformance.table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import transformers

from cutaway.core.errors import MissingError
from cutaway.trace.card import Capability
from tests.models import FAMILIES, MASKED

from .expected import NO_ATTENTION, NOT_RUNNABLE
from .survey import look

__all__ = ["PATH", "names_in", "page"]

PATH = Path(__file__).parents[2] / "docs" / "families.md"
_LENSES = ("logit lens", "inside", "neurons", "saliency", "attention")

_HEAD = """# Model families

Every language model family of transformers {version}, {count} of them, built tiny with random
weights, and what Cutaway proved on it. Nothing here is told by a family's name: the parts
are found by watching one pass and proven on another, so that a model that is not listed is treated
the same way. "masked bert" is BERT with the head that fills masks, "bert" the same family as a
decoder. The lens of every row marked "yes" equals the model in float64 with its upper blocks
bypassed, at every layer (`tests/conformance`).

- **lens**: the logit lens of every state is exact.
- **inside**: blocks have a state between attention and MLP.
- **neurons**: every neuron's activation can be recorded.
- **saliency**: the gradient of a logit reaches the embeddings.
- **attention**: the weights of every head are those of a model that runs eager attention, within
  1e-4; "none" where no block attends. Families that keep their attention from transformers'
  `AttentionInterface` are replayed: what their values are multiplied by is seen in the act.

Made by `python -m tests.conformance.table`.

| family | lens | inside | neurons | saliency | attention | or because |
|---|---|---|---|---|---|---|
"""


def page(rows: list[str]) -> str:
    """The whole page from its rows."""
    return _HEAD.format(version=transformers.__version__, count=len(rows)) + "\n".join(rows) + "\n"


def rows() -> Iterator[str]:
    """One row per family."""
    for family in (*FAMILIES, *MASKED):
        yield _row(family, *_verdict(family))


def names_in(text: str) -> list[str]:
    """The families a page has rows for."""
    return [line.split("`")[1] for line in text.splitlines() if line.startswith("| `")]


def _verdict(family: str) -> tuple[list[str], str]:
    if family in NOT_RUNNABLE:
        return ["not run"] * len(_LENSES), NOT_RUNNABLE[family]
    try:
        found = look(family).anatomy.capabilities
    except MissingError as refusal:
        return ["refused"] * len(_LENSES), str(refusal).split(";", 1)[0]
    marks = ["yes" if found[name].proven else "no" for name in _LENSES]
    if family in NO_ATTENTION:
        marks[_LENSES.index("attention")] = "none"
    return marks, "; ".join(_reasons({name: found[name] for name in _LENSES}))


def _reasons(found: dict[str, Capability]) -> Iterator[str]:
    for name, capability in found.items():
        if not capability.proven:
            yield f"{name}: {capability.why}"
        elif name == "attention" and "layers without" in capability.why:
            yield capability.why.split("; ")[-1]


def _row(family: str, marks: list[str], why: str) -> str:
    return f"| `{family}` | {' | '.join(marks)} | {why} |"


def main() -> None:
    """Write the page."""
    transformers.logging.set_verbosity_error()
    PATH.write_text(page(list(rows())), encoding="utf-8")


if __name__ == "__main__":
    main()

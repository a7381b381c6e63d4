"""One family looked at: a tiny model of it, what is found and recorded, against the reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from cutaway.core.tokens import TokenRow
from cutaway.model.discover import discover
from cutaway.model.project import project
from cutaway.model.record import run
from cutaway.model.structure import Anatomy
from cutaway.trace.source import Question, Rows
from cutaway.trace.trace import Trace
from tests.lens.fakes import FakeSource, fake_card
from tests.models import tiny_model

__all__ = ["IDS", "PROBE", "Found", "answers", "hooks", "lens", "look"]

#: What the parts are found on, and another text for the checks.
PROBE = tuple(range(3, 15))
IDS = (17, 4, 120, 33, 8, 61, 90, 12, 5)


@dataclass(frozen=True)
class Found:
    """A tiny model of a family, its parts, and everything that could be recorded of IDS."""

    model: Any
    anatomy: Anatomy
    recorded: dict[str, dict[int, Any]]

    @property
    def paths(self) -> list[str]:
        return [block.path for block in self.anatomy.blocks]


def look(family: str) -> Found:
    """Raises MissingError where the family is refused."""
    model = tiny_model(family)
    anatomy = discover(model, PROBE)
    proven = [name for name in ("inside", "neurons") if anatomy.capabilities[name].proven]
    return Found(model, anatomy, run(model, anatomy, IDS, ("states", *proven)))


def lens(found: Found) -> Tensor:
    """(L + 1, T, V) logits of every state, by the tail that was found."""
    tail = found.anatomy.tail
    with torch.inference_mode():
        rows = [
            tail.logits(tail.hidden(torch.from_numpy(state)))
            for _, state in sorted(found.recorded["states"].items())
        ]
    return torch.stack(rows).double()


def answers(found: Found) -> Rows:
    """Top token, its rank, entropy and KL of every cell, as the logit lens asks for them."""
    blocks = found.anatomy.blocks
    row = TokenRow(
        ids=IDS, labels=("t",) * len(IDS), starts=tuple(range(len(IDS))),
        ends=tuple(range(1, len(IDS) + 1)), text="t" * len(IDS), n_prompt=len(IDS),
        special=(False,) * len(IDS), roles=("",) * len(IDS),
    )  # fmt: skip
    card = fake_card(len(blocks), tuple(block.neurons for block in blocks))
    trace = Trace(row, card, {"states": found.recorded["states"]}, FakeSource())  # type: ignore
    question = Question(
        layers=tuple(range(-1, len(blocks))), positions=tuple(range(len(IDS))), k=3,
        targets=np.array(IDS)[:, None], entropy=True, distances=("kl",),
    )  # fmt: skip
    return project(found.model, found.anatomy, trace, question)


def hooks(model: nn.Module) -> int:
    """How many hooks hang on a model's modules."""
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules())

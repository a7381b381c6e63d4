"""What must hold of a family: each check asks Cutaway, and works the same out another way."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

import cutaway
from cutaway.core.errors import MissingError
from cutaway.trace.source import Attribution, Question
from tests.same import same

from .check_attention import check_attention, check_calls, check_crossings
from .check_classes import check_classes
from .check_experts import check_experts
from .check_neurons import check_neurons
from .reference import entropy, kl, lens_logits, ranks
from .rows import text_rows
from .survey import IDS, Found, answered, given, state_of

__all__ = ["CHECKS"]

#: float32 against float64, relative to the largest logit of a row; measured at most 1.5e-5.
BOUND = 2e-4


def check_lens(found: Found) -> None:
    """The logits of every state are those of the model with its upper blocks off."""
    if not found.lm.anatomy.has_language_head:
        return
    reference = lens_logits(found.model, found.paths, single=found.single)
    largest = reference.abs().amax((1, 2), keepdim=True)
    assert sorted(found.trace.materials["states"]) == list(range(-1, len(found.paths)))
    assert found.lm.anatomy.vocab == reference.shape[2]
    assert ((lens(found) - reference).abs() <= BOUND * largest).all()
    check_answers(found, reference, BOUND * float(largest.max()))


def lens(found: Found) -> Tensor:
    """(L + 1, T, V) logits of every state, by the tail that was found."""
    tail = found.lm.anatomy.tail
    with torch.inference_mode():
        rows = [
            tail.logits(tail.hidden(torch.from_numpy(np.asarray(state))))
            for _, state in sorted(found.trace.materials["states"].items())
        ]
    return torch.stack(rows).double()


def check_answers(found: Found, reference: Tensor, near: float) -> None:
    """Top tokens, ranks, entropy and KL, but where two logits lie closer than float32 can tell."""
    question = Question(
        layers=tuple(range(-1, len(found.paths))), positions=tuple(range(len(IDS))), k=3,
        targets=np.array(IDS)[:, None], entropy=True, distances=("kl",),
    )  # fmt: skip
    rows = found.lm.project(found.trace, question)
    top = torch.from_numpy(rows.token_id[:, :, :1])
    assert (reference.gather(-1, top)[..., 0] >= reference.amax(-1) - 2 * near).all()
    targets = torch.tensor(IDS).expand(reference.shape[:2])
    own = reference.gather(-1, targets[..., None])
    least = 1 + (reference > own + 2 * near).sum(-1)
    most = ranks(reference - 2 * near * torch.nn.functional.one_hot(targets, reference.shape[2]),
                 targets)  # fmt: skip
    rank = torch.from_numpy(rows.rank[..., 0])
    assert ((least <= rank) & (rank <= most)).all()
    near_to = {"atol": 1e-3, "rtol": 1e-4}
    np.testing.assert_allclose(rows.entropy, entropy(reference).numpy(), **near_to)
    np.testing.assert_allclose(rows.distances["kl"], kl(reference[-1], reference), **near_to)


def check_unchanged(found: Found) -> None:
    """While it is recorded, the model answers what it answers alone.

    That is its first pass; there may be others, with blocks bypassed, for what layers say.
    """
    alone, rows = answered(found.plain), answered(found.within[0])
    apart = (rows - alone[-len(rows) :]).abs().max()
    assert apart <= 1e-5 * alone.abs().max(), f"apart by {apart:.1e}"


def check_saliency(found: Found) -> None:
    """Input x gradient of one number of the answer is what one plain backward pass gives."""
    card = found.lm.card
    if not card.capabilities["saliency"].proven:
        return
    wanted, cell = wanted_of(found)
    if found.leaks:  # it has no tokens before a token to explain it by
        with pytest.raises(MissingError, match="reads tokens after the one it says"):
            found.lm.attribute(found.trace, wanted)
        return
    (score,) = found.lm.attribute(found.trace, wanted).score
    expected = plainly(found, cell)
    sources = ~np.isnan(score)
    assert sources.sum() == (len(IDS) if card.is_masked else len(IDS) - 1)
    bound = 1e-3 * expected.max()
    np.testing.assert_allclose(score[sources], expected[sources], rtol=0, atol=bound)
    assert bound > 0


def wanted_of(found: Found) -> tuple[Attribution, tuple[int, int]]:
    """The last token, or choice 1 of a classifier; and where it is in the model's answer."""
    card, last = found.lm.card, len(IDS) - 1
    if card.task:
        cell = (1, 0) if card.task == "span" else (0, 1)
        return Attribution(targets=(0,), token_ids=(1,), rows=(0,), names=("one",)), cell
    at = last if card.is_masked else last - 1
    return Attribution(targets=(last,), token_ids=(IDS[last],)), (at, IDS[last])


def plainly(found: Found, cell: tuple[int, int]) -> np.ndarray:
    """(T,) the norms of gradient x input at the embedding's output, by autograd alone."""
    leaves: list[Tensor] = []

    def detach(_module: object, _args: object, output: Tensor) -> Tensor:
        leaves.append(output.detach().clone().requires_grad_())
        return leaves[-1].clone()

    embedding = found.model.get_submodule(found.lm.anatomy.embedding)
    handle = embedding.register_forward_hook(detach)
    try:
        logit = answered(found.model(**given(found.model)))[cell]
        (gradient,) = torch.autograd.grad(logit, leaves[-1])
    finally:
        handle.remove()
    products = (gradient * leaves[-1]).detach()
    turned = found.family.endswith("squeezebert")  # after the embedding
    rows = products[0] if turned else text_rows(found.family, products, len(IDS))
    return rows.norm(dim=-1).numpy()


def check_saved(found: Found) -> None:
    """The trace comes back from its file to the last bit, and answers without the model."""
    with tempfile.TemporaryDirectory() as folder:
        opened = cutaway.open(found.trace.save(Path(folder) / "a.trace"))
        assert same(opened, found.trace)
        assert opened.kept == found.trace.kept


def check_untouched(found: Found) -> None:
    """Hooks, modes, weights and configuration are as they were before anyone looked."""
    assert state_of(found.model) == found.before


#: What a failure is called by -> the check; the last is made after all others have looked.
CHECKS: dict[str, Callable[[Found], None]] = {
    "lens": check_lens,
    "unchanged": check_unchanged,
    "neurons": check_neurons,
    "experts": check_experts,
    "attention": check_attention,
    "cross-attention": check_crossings,
    "queries and keys": check_calls,
    "saliency": check_saliency,
    "classes": check_classes,
    "saved": check_saved,
    "untouched": check_untouched,
}

"""The two laws that a model obeys as people have it: quantised, adapted, compiled, spread.

The lens after the last block is the model's own logits, and what is recorded is what the model had
in its hands.
"""

from __future__ import annotations

import numpy as np
import torch

import cutaway as ct

__all__ = ["TEXT", "lacking", "neurons", "obeys"]

TEXT = "The keys to the cabinet"


def obeys(lm: ct.LM, near: float = 1e-6) -> ct.Trace:
    """A trace, once both laws are seen to hold of it; `near` is relative to the largest logit."""
    trace = lm.trace(TEXT, keep="neurons" if neurons(lm) else None)
    taken: list[torch.Tensor] = []
    hook = lm.model.get_submodule(lm.anatomy.blocks[1].path).register_forward_hook(
        lambda _m, _i, out: taken.append(out[0] if isinstance(out, tuple) else out)
    )
    with torch.inference_mode(), torch.compiler.set_stance("force_eager"):
        logits = lm.model(torch.tensor([trace.token_ids]), use_cache=False).logits[0]
    hook.remove()
    np.testing.assert_array_equal(trace.state(1), taken[0].float().reshape(trace.state(1).shape))
    lens = ct.predictions(trace, at=-1, layer=3, k=200).data
    ids, own = lens["token_id"].values[0], lens["logit"].values[0]
    expected = logits[-1].float().numpy()
    assert np.abs(own - expected[ids]).max() <= near * np.abs(expected).max()
    return trace


def neurons(lm: ct.LM) -> bool:
    return lm.card.capabilities["neurons"].proven


def lacking(lm: ct.LM) -> dict[str, str]:
    return {name: one.why for name, one in lm.card.capabilities.items() if not one.proven}

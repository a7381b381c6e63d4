"""Every encoder and encoder-decoder is walked through, or the part that is not is named."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
import pytest

import cutaway as ct
from cutaway.core.errors import CutawayError
from cutaway.trace.walk import TOLERANCE
from tests.models import MASK, MASKED, families, tiny

from .seq2seq import SOURCE, TARGET

AT = 3
BOTH = families("seq2seq")
#: What every walk refuses whose scores are made in a way of the model's own.
SCORES = frozenset({"scores"})


def wrapped(family: str) -> Any:
    """The model, or None where it can't be built or is refused as a whole."""
    started = {} if family.endswith("encoder-decoder") else {"decoder_start_token_id": 2}
    try:
        model, tokenizer = tiny(family, **(started if family.startswith("seq2seq") else {}))
        model.config.decoder_start_token_id = 2
        return ct.wrap(model, tokenizer)
    except Exception:  # which these are is the conformance suite's matter
        return None


@lru_cache(maxsize=1)
def walks(family: str) -> tuple[tuple[Any, Any], ...]:
    """Each side's trace with its walk, or with the reason why there is none."""
    lm = wrapped(family)
    if lm is None:
        return ()
    if hasattr(lm, "encoder"):
        trace = lm.trace(SOURCE, target=TARGET)
        traces = [trace, trace.encoder]
    else:
        traces = [lm.trace(f"The capital of {MASK} is Paris.")]
    found = []
    for trace in traces:
        try:
            found.append((trace, trace.source.walk(trace, min(1, trace.n_layers - 1), AT)))
        except CutawayError as refused:
            found.append((trace, str(refused)))
    return tuple(found)


def left_out(walk: Any) -> frozenset[str]:
    return frozenset({"all"}) if isinstance(walk, str) else frozenset(walk.refused)


@pytest.mark.slow
@pytest.mark.parametrize("family", [*MASKED, *BOTH])
def test_what_is_shown_is_the_models_and_what_is_left_out_is_known(family: str):
    for side, (trace, walk) in enumerate(walks(family)):
        assert left_out(walk) == (LEFT_OUT.get(family) or {}).get(side, frozenset())
        if isinstance(walk, str):
            continue
        steps = {step.name: step for step in walk.steps}
        layer = walk.layer
        assert all(math.isnan(step.gap) or step.gap <= TOLERANCE for step in walk.steps)
        np.testing.assert_array_equal(steps["state_in"].values, trace.state(layer - 1)[AT])
        np.testing.assert_array_equal(steps["state_out"].values, trace.state(layer)[AT])
        recorded = {name for name, step in steps.items() if math.isnan(step.gap)}
        if not walk.refused:
            assert recorded <= {"state_in", "source_state", "last", "position_embedding"}


#: Family -> side (0: the text or the decoder, 1: the encoder) -> what its walk leaves out.
LEFT_OUT: dict[str, dict[int, frozenset[str]]] = {
    "masked big_bird": {0: SCORES},
    "masked convbert": {0: frozenset({"attention", "scores", "state_inside"})},
    "masked deberta": {0: frozenset({"attention", "scores", "state_inside"})},
    "masked deberta-v2": {0: SCORES},
    "masked flaubert": {0: SCORES},
    "masked fnet": {0: frozenset({"attention", "state_inside"})},
    "masked funnel": {0: frozenset({"embedding", "scores"})},
    "masked ibert": {0: frozenset({"attention", "embedding", "mlp", "state_out"})},
    "masked longformer": {0: frozenset({"all"})},
    "masked luke": {0: SCORES},
    "masked megatron-bert": {0: SCORES},
    "masked mobilebert": {0: frozenset({"attention", "embedding", "mlp", "state_out"})},
    "masked mpnet": {0: SCORES},
    "masked mra": {0: frozenset({"attention", "mlp", "state_out"})},
    "masked mvp": {0: SCORES, 1: SCORES},
    "masked neomme": {0: frozenset({"attention", "state_inside"})},
    "masked nystromformer": {0: frozenset({"attention", "scores", "state_inside"})},
    "masked rembert": {0: SCORES},
    "masked roc_bert": {0: frozenset({"embedding"})},
    "masked roformer": {0: SCORES},
    "masked squeezebert": {
        0: frozenset({"attention", "mlp", "scores", "state_inside", "state_out"})
    },
    "masked tapas": {0: SCORES},
    "masked xlm": {0: SCORES},
    "masked xmod": {0: frozenset({"state_out"})},
    "masked yoso": {0: frozenset({"attention", "state_inside"})},
    "seq2seq bigbird_pegasus": {1: SCORES},
    "seq2seq fsmt": {0: SCORES, 1: SCORES},
    "seq2seq led": {0: SCORES, 1: frozenset({"all"})},
    "seq2seq longt5": {1: frozenset({"attention", "state_inside"})},
    "seq2seq mvp": {0: SCORES, 1: SCORES},
    "seq2seq pegasus_x": {1: frozenset({"all"})},
    "seq2seq prophetnet": {0: frozenset({"all"}), 1: SCORES},
    "seq2seq switch_transformers": {
        0: frozenset({"mlp", "state_out"}),
        1: frozenset({"mlp", "state_out"}),
    },
    "seq2seq t5gemma2": {0: frozenset({"attention", "cross", "mlp", "state_out"})},
}

"""Traces of real models come back from their files, and answer as the model does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import cutaway as ct
from cutaway.core.errors import InvalidError
from cutaway.lens.logit_lens import logit_lens
from tests.same import same

if TYPE_CHECKING:
    from cutaway.model.lm import LM


def test_a_trace_comes_back_to_the_last_bit(tiny_lm: LM, tmp_path: Path) -> None:
    trace = tiny_lm.trace("the cat sat on the mat", keep="all")
    opened = ct.open(trace.save(tmp_path / "a.trace"))
    assert same(trace, opened)
    assert opened.kept == trace.kept
    assert repr(opened) == repr(trace)


def test_stored_answers_are_the_model_s(tiny_lm: LM, tmp_path: Path) -> None:
    trace = tiny_lm.trace("the cat sat on the mat", keep="lens")
    opened = ct.open(trace.save(tmp_path / "a.trace"))
    for rank_of in ("top", "next", "input"):
        for against in ("final", "input"):
            options = {"rank_of": rank_of, "against": against, "distances": ("kl", "js", "tv")}
            stored, live = logit_lens(opened, **options), logit_lens(trace, **options)
            for name in ("token_id", "rank"):
                np.testing.assert_array_equal(stored[name], live[name])
            for name in ("probability", "surprisal", "entropy", "kl", "js", "tv"):
                np.testing.assert_allclose(stored[name], live[name], rtol=1e-4, atol=1e-5)


def test_an_attached_model_answers_the_rest(tiny_lm: LM, tmp_path: Path) -> None:
    trace = tiny_lm.trace("the cat sat on the mat")
    opened = ct.open(trace.save(tmp_path / "a.trace"), model=tiny_lm)
    assert logit_lens(opened, inside=True).identical(logit_lens(trace, inside=True))
    for layer, array in trace.source.replay(trace, "neurons", [0, 1]).items():
        np.testing.assert_array_equal(opened.material("neurons", [0, 1])[layer], array)


@pytest.mark.slow
def test_the_default_model_s_trace_needs_no_model(smol: LM, tiny_lm: LM, tmp_path: Path) -> None:
    trace = smol.generate("The capital of France is", max_new_tokens=3, keep="lens")
    opened = ct.open(trace.save(tmp_path / "paris.trace"))
    assert same(trace, opened)
    assert logit_lens(opened)["token"].sel(layer=29, position=4, k=0).item() == "·Paris"
    with pytest.raises(InvalidError, match="its name is 'SmolLM2-135M-Instruct'"):
        ct.open(tmp_path / "paris.trace", model=tiny_lm)

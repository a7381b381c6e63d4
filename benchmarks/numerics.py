"""Every lens in float32, bfloat16, float16 against float64; 95 % of changed tokens are warned of.

One text is read by the same weights in four precisions. Of every number a lens gives, the largest
difference from float64 is printed, by the unit it is given in; and how many cells of the logit lens
have another top token, how many its note counts, how many changed that it does not count, and how
many that the float32 check does not mark.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from typing import Any

import numpy as np
import torch
import xarray as xr

import cutaway as ct
from benchmarks.promise import Figure, main
from cutaway.lens.precision import ROUNDING, is_half, uncertain
from cutaway.model.lm import LM
from cutaway.trace.trace import Trace

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
TEXT = (
    "The keys to the cabinet are on the table. The capital of France is Paris, and the capital of "
    "Italy is Rome. 1, 1, 2, 3, 5, 8, 13, 21: every number is the sum of the two before it."
)
OTHER = TEXT.replace("keys to the cabinet are", "key to the cabinets is")


def _model(trace: Trace) -> LM:
    assert isinstance(trace.source, LM)
    return trace.source


#: Lens -> how it is asked, and which of its numbers are compared.
LENSES: Mapping[str, tuple[Callable[[Trace], xr.Dataset], tuple[str, ...]]] = {
    "logit lens": (
        lambda trace: (
            ct.logit_lens(
                trace, rank_of="next", distances=("kl", "js", "tv"), checked=is_half(trace.card)
            ).data
        ),
        ("logit", "probability", "rank", "surprisal", "entropy", "kl", "js", "tv"),
    ),
    "race": (lambda trace: ct.watch(trace, [" is", " the"]).data, ("probability", "rank")),
    "explorer": (lambda trace: ct.explore(_model(trace), TEXT).data, ("logit", "probability")),
    "compare": (
        lambda trace: ct.compare(trace, _model(trace).trace(OTHER)).data,
        ("probability", "kl", "state_distance"),
    ),
    "vectors": (lambda trace: ct.embed(_model(trace), [TEXT, OTHER]).data, ("embedding",)),
    "saliency": (
        lambda trace: ct.saliency(trace, targets=[trace.n_positions]).data,
        ("saliency",),
    ),
    "attention": (lambda trace: ct.attention(trace).data, ("weight",)),
    "neurons": (lambda trace: ct.neurons(trace).data, ("activation",)),
    "factors": (lambda trace: ct.factors(trace).data, ("factor",)),
    "walk": (lambda trace: ct.walk(trace).data, ("change",)),
}
#: Numbers without a scale of their own are told relative to the largest of their kind.
RELATIVE = ("logit", "activation", "factor", "embedding", "state_distance")


def run(smoke: bool) -> Iterator[Figure]:
    """SmolLM2 on one text (smoke: on its first words, without the slow lenses)."""
    lm = ct.load()
    ids = lm.tokenizer(TEXT)["input_ids"][: 8 if smoke else None]
    names = ("logit lens", "race") if smoke else tuple(LENSES)
    wide = _asked(lm, torch.float64, ids, names)
    for dtype in DTYPES:
        found = _asked(lm, DTYPES[dtype], ids, names)
        for name in names:
            for number in LENSES[name][1]:
                yield _difference(f"{dtype}, {name}: {number}", found[name], wide[name], number)
        yield from _tokens(dtype, found["logit lens"], wide["logit lens"])
        if dtype in ROUNDING:
            yield _marked(lm, dtype, ids, found["logit lens"])


def _asked(
    lm: LM, dtype: torch.dtype, ids: list[int], names: tuple[str, ...]
) -> dict[str, xr.Dataset]:
    """Every lens of the text by a copy of the model in one precision."""
    trace = _in_precision(lm, dtype).trace(ids, keep="neurons")
    return {name: LENSES[name][0](trace).compute() for name in names}


def _in_precision(lm: LM, *dtypes: torch.dtype) -> LM:
    """A copy of the model, rounded to one precision after the other."""
    copied: Any = deepcopy(lm.model)
    for dtype in dtypes:
        copied = copied.to(dtype)
    return ct.wrap(copied, lm.tokenizer)


def _difference(name: str, found: xr.Dataset, wide: xr.Dataset, number: str) -> Figure:
    a, b = (np.asarray(data[number].values, dtype=np.float64) for data in (found, wide))
    apart = float(np.nanmax(np.abs(a - b)))
    if number == "rank":
        known = (a > 0) & (b > 0)  # nothing comes after the last token
        ratios = np.maximum(a, b)[known] / np.minimum(a, b)[known]
        return Figure(name, float(ratios.max()), "times the other")
    if number in RELATIVE:
        return Figure(name, apart / float(np.nanmax(np.abs(b))), "of the largest")
    return Figure(name, apart, wide[number].attrs.get("units", "1"))


def _tokens(dtype: str, found: xr.Dataset, wide: xr.Dataset) -> Iterator[Figure]:
    """How many cells have another top token, and how many of them no note counts."""
    a, b = (data["token_id"].values[..., 0] for data in (found, wide))
    changed, told = a != b, uncertain(dtype, found["logit"].values)
    missed = float((changed & ~told).sum()) / max(1.0, float(changed.sum()))
    yield Figure(f"{dtype}, cells with another top token", float(changed.mean()), "of all")
    yield Figure(f"{dtype}, cells that are warned of", float(told.mean()), "of all")
    if dtype in ROUNDING:
        yield Figure(f"{dtype}, changed without a warning", missed, "of those changed", 0.05)


def _marked(lm: LM, dtype: str, ids: list[int], found: xr.Dataset) -> Figure:
    """How many cells the check marks otherwise than float64 would, by the rounded weights."""
    own = _in_precision(lm, DTYPES[dtype], torch.float64).trace(ids)
    top = ct.logit_lens(own, k=1, distances=()).data["token_id"].values[..., 0]
    other = found["changed"].values != (found["token_id"].values[..., 0] != top)
    return Figure(f"{dtype}, marked otherwise by the check", float(other.mean()), "of all", 0.001)


if __name__ == "__main__":
    sys.exit(main(__doc__, run))

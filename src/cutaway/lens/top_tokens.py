"""What the model says at every position: its likeliest tokens, and how the true one did."""

from __future__ import annotations

import numpy as np
import xarray as xr

from ..core.axes import read_whole
from ..trace.source import Question
from ..trace.trace import Trace
from .dataset import finish, token_coords, vocabulary

__all__ = ["top_tokens"]


def top_tokens(trace: Trace, k: int = 10) -> xr.Dataset:
    """The k likeliest tokens at every position, and the rank of the true one.

    That is the token that came after it; in a masked model the one that stands there.

    k        how many; 0 asks nothing of the model: the tokens of the text alone
    returns  token_id, token, probability (position, k) after the last block; rank (1 is the top
             token) and surprisal in nats (position) of the true one: 0 and NaN where none is;
             of an encoder-decoder the source's tokens as coordinates (source)
    raises   MissingError where the trace kept no states and has no model
    """
    read_whole("k", k, 0, trace.card.vocab_size)
    positions = tuple(range(trace.n_positions))
    coords = {"k": np.arange(k, dtype=np.int64), **token_coords(trace, positions)}
    if trace.encoder is not None:
        coords |= token_coords(trace.encoder, range(trace.encoder.n_positions), "source")
    dataset = xr.Dataset(coords=coords)
    if k:
        shift = trace.card.shift
        coming = np.asarray([*trace.token_ids[shift:], *[-1] * shift], dtype=np.int64)
        rows = trace.source.project(
            trace, Question((trace.n_layers - 1,), positions, k=k, targets=coming[:, None])
        )
        ids = rows.token_id[0]
        dataset = dataset.assign(
            token_id=(("position", "k"), ids, {"units": "1"}),
            token=(("position", "k"), vocabulary(trace, ids), {"units": "text"}),
            probability=(("position", "k"), rows.probability[0], {"units": "1"}),
            rank=("position", rows.rank[0, :, 0], {"units": "1 is the top token"}),
            surprisal=("position", -rows.target_logprob[0, :, 0], {"units": "nats"}),
        )
    return finish(dataset, trace, lens="report", options={"k": k})

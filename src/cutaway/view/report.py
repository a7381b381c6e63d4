"""The report: the tokens, what is told of each, and the sections it is told by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from .account_facts import Line
from .entries import Entries, entries
from .header import Runs, attribute, header, is_masked
from .row import token_row
from .spec import Spec

__all__ = ["report_spec"]

#: Of a model that says something of a token itself, by whether it classifies.
_IN_PLACE = {False: "what the model says in its place.", True: "what the model answers."}


def report_spec(
    said: xr.Dataset,
    *,
    opens_at: int,
    opening: Sequence[Line],
    sections: Sequence[Mapping[str, Any]],
    accounts: Sequence[Sequence[Line]] | None = None,
    pictures: Mapping[str, Spec] | None = None,
) -> Spec:
    """The row of tokens, the likeliest next ones at each, accounts, and the list of sections.

    said      of lens.top_tokens: token_id, token, probability (position, k)
    opens_at  the position chosen first;  opening  its account
    accounts  of every position; None where they are asked for
    pictures  of the sections, by name; none where they are asked for

    The header adds the row of tokens and
      source    the row of tokens that an encoder-decoder read, null for other models
      opens_at, opening, accounts, vocabulary, k
      next_ids  the token that came after each position, -1 at the end
      sections  [{name, title, question, kind, at, missing}]: `at` is the only position of its
                picture or null, `missing` the reason why there is none or null

    arrays: top_index, token_id int32, probability float32 (position, k); -1, NaN where undefined
    """
    used, arrays = _candidates(said)
    own = {
        **token_row(said),
        "source": token_row(said, "source") if "source" in said.dims else None,
        "next_ids": [int(token_id) for token_id in said["next_id"].values],
        "opens_at": opens_at,
        "opening": [list(line) for line in opening],
        "accounts": None if accounts is None else [list(lines) for lines in accounts],
        "sections": [dict(section) for section in sections],
        "vocabulary": used.labels,
        "k": int(said.sizes["k"]),
    }
    common = header(
        said,
        heading="What every lens says of it",
        about="One token is chosen on the whole page. What is told of it is " + _told(said),
        sentence=_paragraph(opening),
    )
    return Spec("report", common | own, arrays, sections=pictures or {})


def _told(said: xr.Dataset) -> str:
    """What is told of the token that is chosen, to end a sentence with."""
    if not is_masked(said):
        return "the position that read it: position i predicts token i + 1."
    if not said.sizes["k"] and not attribute(said, "model").get("task"):
        return "its states and where it looked: this model says no token."
    return _IN_PLACE[bool(attribute(said, "model").get("task"))]


def _paragraph(lines: Sequence[Line]) -> Runs:
    """The lines as one sentence after the other, without their links; what is a link alone says
    nothing here."""
    told = [line for line in lines if len(line) > 1]
    gap: Line = [["", " ", None]]
    spaced = (([] if i == 0 else gap) + line for i, line in enumerate(told))
    return [[str(style), str(text)] for line in spaced for style, text, _ in line]


def _candidates(said: xr.Dataset) -> tuple[Entries, dict[str, NDArray[Any]]]:
    """The likeliest next tokens; none where nothing was asked of the model."""
    shape = (said.sizes["position"], said.sizes["k"])
    if not shape[1]:
        none = np.empty(shape)
        ids, tokens, shares = none.astype(np.int64), none.astype(object), none
    else:
        ids, tokens, shares = (said[n].values for n in ("token_id", "token", "probability"))
    used = entries((ids, tokens))
    return used, {
        "top_index": used.index(ids),
        "token_id": ids.astype(np.int32),
        "probability": shares.astype(np.float32),
    }

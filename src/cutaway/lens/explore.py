"""The next-token explorer: what could come next after one text, and all texts explored so far."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..core.errors import MissingError
from ..trace.card import ModelCard
from ..trace.explored import Drawn, Explored, Node
from .dataset import strings
from .precision import uncertainty_notes

__all__ = ["explore"]


def explore(
    explored: Explored, card: ModelCard, options: Mapping[str, Any], run: Mapping[str, Any],
    notes: Sequence[str] = (),
) -> xr.Dataset:  # fmt: skip
    """The k likeliest tokens after the node that is looked at, and the whole tree beside them.

    options  k, temperature, top_k, top_p
    returns  token_id, token, probability, logit, drawn (k), best first: drawn is the probability
             after temperature, top-k and top-p, NaN where it needs more tokens than are known;
             of every node candidate_id, candidate_token, candidate_logit (node, candidate),
             log_total (node, temperature), the log of the sum over the vocabulary of
             exp((logit - the first candidate's) / temperature), and entropy (node) in nats; of an
             encoder-decoder also source_position, source_position_input, its source's tokens
    """
    node, k = explored.node, min(options["k"], len(explored.node.pieces))
    drawn, why = _drawn(node, options)
    dataset = xr.Dataset(
        _candidates(node, k) | {"drawn": ("k", drawn[:k], {"units": "1"})} | _nodes(explored),
        coords={
            "k": np.arange(k),
            "node": np.arange(len(explored.nodes)),
            "candidate": np.arange(len(explored.node.pieces)),
            "temperature": node.candidates.temperatures,
            **_source(explored),
        },
    )
    told = {**options, "node": node.number, "text": node.text}
    doubted = uncertainty_notes(card, node.candidates.logits[None])
    dataset.attrs.update(
        lens="explore", table="probability", vocab=node.candidates.vocab,
        options=json.dumps(told, ensure_ascii=False),
        model=json.dumps(card.to_json(), ensure_ascii=False),
        run=json.dumps(dict(run), ensure_ascii=False),
        notes=json.dumps([*notes, *why, *doubted], ensure_ascii=False),
        tree=json.dumps([_told(each) for each in explored.nodes], ensure_ascii=False),
        samples=json.dumps([_continuations(each) for each in explored.drawn], ensure_ascii=False),
    )  # fmt: skip
    return dataset


def _candidates(node: Node, k: int) -> dict[str, Any]:
    """The k likeliest tokens after a node."""
    found = node.candidates
    return {
        "token_id": ("k", found.token_ids[:k], {"units": "1"}),
        "token": ("k", strings(piece.label for piece in node.pieces[:k]), {"units": "text"}),
        "probability": ("k", found.probability()[:k], {"units": "1"}),
        "logit": ("k", found.logits[:k], {"units": "1"}),
    }


def _drawn(node: Node, options: Mapping[str, Any]) -> tuple[NDArray[Any], list[str]]:
    """The candidates' probabilities after the options, and why there are none, in words."""
    how = {name: options[name] for name in ("temperature", "top_k", "top_p")}
    try:
        return np.asarray(node.candidates.filtered(**how).probability), []
    except MissingError as problem:
        return np.full(len(node.pieces), np.nan), [f"the filtered distribution is {problem}"]


def _nodes(explored: Explored) -> dict[str, Any]:
    """What is known of every node of the tree."""
    found = [node.candidates for node in explored.nodes]
    labels = [strings(piece.label for piece in node.pieces) for node in explored.nodes]
    # From the first candidate's logit on: small numbers, which 32 bits hold exactly enough.
    totals = [one.log_totals - one.logits[0] / one.temperatures for one in found]
    each, number = ("node", "candidate"), {"units": "1"}
    return {
        "candidate_id": (each, np.stack([one.token_ids for one in found]), number),
        "candidate_token": (each, np.stack(labels), {"units": "text"}),
        "candidate_logit": (each, np.stack([one.logits for one in found]), number),
        "log_total": (("node", "temperature"), np.stack(totals), number),
        "entropy": (("node",), np.asarray([one.entropy for one in found]), {"units": "nats"}),
    }


def _source(explored: Explored) -> dict[str, Any]:
    """The tokens that the encoder of an encoder-decoder read."""
    row, axis = explored.source, "source_position"
    if row is None:
        return {}
    return {
        axis: np.arange(len(row)),
        f"{axis}_input_id": (axis, np.asarray(row.ids, dtype=np.int64)),
        f"{axis}_input": (axis, strings(row.labels)),
    }


def _told(node: Node) -> dict[str, Any]:
    return {
        "parent": node.parent, "labels": list(node.labels), "token_id": node.token_ids[-1],
        "text": node.text, "probability": None if node.parent is None else node.probability,
    }  # fmt: skip


def _continuations(drawn: Drawn) -> dict[str, Any]:
    """Continuations as JSON values, best first: their tokens and mean log-probability in nats."""
    each = zip(drawn.continuations, drawn.labels, drawn.texts, strict=True)
    return {
        "node": drawn.node, "options": drawn.options,
        "ways": [
            {"token_ids": list(one.token_ids), "labels": list(labels), "text": text,
             "mean": one.mean}
            for one, labels, text in each
        ],
    }  # fmt: skip

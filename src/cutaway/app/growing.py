"""How a tree of texts grows: what is picked and drawn is asked of the model, by token ids."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..core.axes import read_whole
from ..core.errors import InvalidError

if TYPE_CHECKING:
    from ..model.lm import LM
    from ..trace.explored import Explored, Node

__all__ = ["KNOWN", "begun", "drawn_from", "picked", "planted", "which"]

#: How many candidates of each text are kept, so that a page can filter them exactly.
KNOWN = 200


def begun(lm: LM, ids: Sequence[int], options: dict[str, Any]) -> Explored:
    """A tree of one text."""
    from ..trace.explored import Explored

    return Explored((_node(lm, options, 0, None, ids, float("nan")),))


def planted(lm: LM, tree: Explored, ids: Sequence[int], options: dict[str, Any]) -> Explored:
    """The trees with one more that begins with these ids, which is then looked at."""
    known = tree.child(None, ids)
    if known is not None:
        return tree.go(known.number)
    return tree.grown(_node(lm, options, len(tree.nodes), None, ids, float("nan")))


def picked(lm: LM, tree: Explored, token_id: int, options: dict[str, Any]) -> Explored:
    """The tree with that token after the node that is looked at, and there one goes on."""
    here = tree.node
    ids = (*here.token_ids, token_id)
    known = tree.child(here.number, ids)
    if known is not None:
        return tree.go(known.number)
    share = _probability(lm, here, token_id)
    return tree.grown(_node(lm, options, len(tree.nodes), here.number, ids, share))


def which(lm: LM, node: Node, what: object) -> int:
    """The id of a candidate: by its rank from 1, its text, or what is printed for it.

    A text that is no candidate may be any token of the vocabulary.
    """
    if not isinstance(what, str):
        rank = read_whole("rank", what, 1, len(node.pieces))
        return int(node.candidates.token_ids[rank - 1])
    ids = node.candidates.token_ids.tolist()
    texts = [i for i, piece in zip(ids, node.pieces, strict=True) if piece.text == what]
    found = texts or [i for i, piece in zip(ids, node.pieces, strict=True) if piece.label == what]
    if len(found) > 1:
        raise InvalidError(
            "token", what, allowed="one token, and these are printed alike: "
            + ", ".join(map(str, found)), fix=f"pick(token_id={found[0]})",
        )  # fmt: skip
    return found[0] if found else lm.token_id(what)


def drawn_from(lm: LM, tree: Explored, n: int, options: dict[str, Any]) -> Explored:
    """The tree with n continuations of the node that is looked at, best first."""
    from ..trace.explored import Drawn

    here = tree.node
    ways = lm.continuations(here.token_ids, n, **options)
    rows = [lm.row((*here.token_ids, *way.token_ids), len(here.token_ids)) for way in ways]
    count = len(here.token_ids)
    return tree.with_drawn(
        Drawn(
            node=here.number,
            options={"n": n, **options},
            ways=tuple(ways),
            labels=tuple(row.labels[count:] for row in rows),
            texts=tuple(row.text[row.starts[count] :] for row in rows),
        )
    )


def _node(
    lm: LM, options: dict[str, Any], number: int, parent: int | None, ids: Sequence[int],
    probability: float,
) -> Node:  # fmt: skip
    from ..trace.explored import Node

    # Twice top_k: equal logits at its end stay together, and must be known.
    count = max(KNOWN, options["k"], 2 * (options["top_k"] or 0))
    found = lm.candidates(ids, min(count, lm.card.vocab_size), [options["temperature"]])
    row = lm.row(ids, len(ids))
    return Node(
        number=number,
        parent=parent,
        token_ids=row.ids,
        labels=row.labels if parent is None else row.labels[-1:],
        text=row.text,
        probability=probability,
        candidates=found,
        pieces=lm.pieces(found.token_ids.tolist()),
    )


def _probability(lm: LM, node: Node, token_id: int) -> float:
    """Of a token after a node; one that is no candidate is asked of the model."""
    import numpy as np

    place = np.flatnonzero(node.candidates.token_ids == token_id)
    if len(place):
        return float(node.candidates.probability()[place[0]])
    return float(np.exp(lm.logprobs(node.token_ids, [token_id])[0]))

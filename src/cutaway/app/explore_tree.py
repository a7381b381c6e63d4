"""How a tree of texts grows: what is picked and drawn is asked of the model, by token ids."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..core.axes import read_whole
from ..core.errors import InvalidError

if TYPE_CHECKING:
    from ..core.tokens import TokenRow
    from ..model.lm import LM
    from ..trace.explored import Explored, Node

__all__ = [
    "N_CANDIDATES",
    "add_root",
    "candidate_id",
    "new_tree",
    "pick_token",
    "sample_continuations",
]

#: How many candidates of each text are kept, so that a page can filter them exactly.
N_CANDIDATES = 200


def new_tree(
    lm: LM, ids: Sequence[int], options: dict[str, Any], source: TokenRow | None = None
) -> Explored:
    """A tree of one text.

    source  what the encoder of an encoder-decoder reads; the ids are its decoder's
    """
    from ..trace.explored import Explored

    read = () if source is None else source.ids
    first = _node(lm, options, read, 0, None, ids, float("nan"))
    return Explored((first,), source=source)


def add_root(lm: LM, tree: Explored, ids: Sequence[int], options: dict[str, Any]) -> Explored:
    """The trees with one more that begins with these ids, which is then looked at."""
    known = tree.child(None, ids)
    if known is not None:
        return tree.go(known.number)
    return tree.grown(_node(lm, options, tree.source_ids, len(tree.nodes), None, ids, float("nan")))


def pick_token(lm: LM, tree: Explored, token_id: int, options: dict[str, Any]) -> Explored:
    """The tree with that token after the node that is looked at, and there one goes on."""
    here = tree.node
    ids = (*here.token_ids, token_id)
    known = tree.child(here.number, ids)
    if known is not None:
        return tree.go(known.number)
    share = _probability(lm, tree, token_id)
    read = tree.source_ids
    return tree.grown(_node(lm, options, read, len(tree.nodes), here.number, ids, share))


def candidate_id(lm: LM, node: Node, what: object) -> int:
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


def sample_continuations(lm: LM, tree: Explored, n: int, options: dict[str, Any]) -> Explored:
    """The tree with n continuations of the node that is looked at, best first."""
    from ..trace.explored import Drawn

    here = tree.node
    ways = lm.continuations(here.token_ids, n, source=tree.source_ids, **options)
    rows = [lm.row((*here.token_ids, *way.token_ids), len(here.token_ids)) for way in ways]
    count = len(here.token_ids)
    return tree.with_drawn(
        Drawn(
            node=here.number,
            options={"n": n, **options},
            continuations=tuple(ways),
            labels=tuple(row.labels[count:] for row in rows),
            texts=tuple(row.text[row.starts[count] :] for row in rows),
        )
    )


def _node(
    lm: LM, options: dict[str, Any], source: Sequence[int], number: int, parent: int | None,
    ids: Sequence[int], probability: float,
) -> Node:  # fmt: skip
    from ..trace.explored import Node

    # Twice top_k: equal logits at its end stay together, and must be known.
    count = max(N_CANDIDATES, options["k"], 2 * (options["top_k"] or 0))
    count = min(count, lm.card.vocab_size)
    found = lm.candidates(ids, count, [options["temperature"]], source=source)
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


def _probability(lm: LM, tree: Explored, token_id: int) -> float:
    """Of a token after the node looked at; one that is no candidate is asked of the model."""
    import numpy as np

    node = tree.node
    place = np.flatnonzero(node.candidates.token_ids == token_id)
    if len(place):
        return float(node.candidates.probability()[place[0]])
    found = lm.logprobs(node.token_ids, [token_id], source=tree.source_ids)
    return float(np.exp(found[0]))

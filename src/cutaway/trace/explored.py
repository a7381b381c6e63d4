"""What was explored of a model's next tokens: a tree of texts, a token longer at each step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..core.axes import read_whole
from ..core.tokens import Piece, TokenRow
from .candidates import Candidates, Continuation

__all__ = ["Drawn", "Explored", "Node"]


@dataclass(frozen=True, eq=False)
class Node:
    """One text of the tree.

    number       its place in the tree's nodes
    parent       the number of the text it goes on from, None for one that begins a tree
    token_ids    (T,) all its ids
    labels       what is printed for its last token, or for all tokens of one that begins a tree
    text         what its ids decode to
    probability  that the model gives its last token after the parent, NaN where it begins
    candidates   what could come next;  pieces  text and label of each
    """

    number: int
    parent: int | None
    token_ids: tuple[int, ...]
    labels: tuple[str, ...]
    text: str
    probability: float
    candidates: Candidates
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, eq=False)
class Drawn:
    """Continuations drawn from one node, best first.

    node           its number;  options  they were drawn with, as JSON values
    continuations  what was drawn;  labels  what is printed for their tokens;  texts  of each
    """

    node: int
    options: dict[str, Any]
    continuations: tuple[Continuation, ...]
    labels: tuple[tuple[str, ...], ...]
    texts: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Explored:
    """All nodes so far, which one is looked at, and what was drawn. It only ever grows.

    nodes   a node stands after its parent;  at  the number of the one that is looked at
    drawn   in the order in which it was asked for
    source  what the encoder of an encoder-decoder read: its decoder writes the texts under it
    """

    nodes: tuple[Node, ...]
    at: int = 0
    drawn: tuple[Drawn, ...] = ()
    source: TokenRow | None = None

    @property
    def source_ids(self) -> tuple[int, ...]:
        """(S,) the ids of the source; () for a model that reads none."""
        return () if self.source is None else self.source.ids

    @property
    def node(self) -> Node:
        """The node that is looked at."""
        return self.nodes[self.at]

    def child(self, parent: int | None, token_ids: Sequence[int]) -> Node | None:
        """The node of these ids under that parent, where there is one."""
        ids = tuple(token_ids)
        under = (node for node in self.nodes if node.parent == parent)
        return next((node for node in under if node.token_ids == ids), None)

    def go(self, number: object) -> Explored:
        """The same, looked at from another node. Raises InvalidError for one that is not there."""
        return replace(self, at=read_whole("node", number, 0, len(self.nodes) - 1))

    def grown(self, node: Node) -> Explored:
        """With one node more, which is then looked at."""
        return replace(self, nodes=(*self.nodes, node), at=node.number)

    def with_drawn(self, drawn: Drawn) -> Explored:
        """With continuations drawn from one of its nodes."""
        return replace(self, drawn=(*self.drawn, drawn))

    def root(self, number: int) -> Node:
        """The node that the tree of a node begins with."""
        node = self.nodes[number]
        return node if node.parent is None else self.root(node.parent)

    def path(self, number: int) -> Iterator[Node]:
        """From the beginning to a node."""
        node = self.nodes[number]
        if node.parent is not None:
            yield from self.path(node.parent)
        yield node

    def to_json(self, parent: int | None = None) -> list[dict[str, Any]]:
        """The trees as JSON values: node, text, token, token_id, probability, children."""
        return [
            {
                "node": node.number, "text": node.text, "token": node.labels[-1],
                "token_id": node.token_ids[-1],
                "probability": None if parent is None else node.probability,
                "children": self.to_json(node.number),
            }
            for node in self.nodes if node.parent == parent
        ]  # fmt: skip

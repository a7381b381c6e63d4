"""Counts a model's parameters part by part; the counts add up to the model's own total."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from torch import nn

from .structure import Anatomy, Block

__all__ = ["Part", "tally"]

_OTHER = "other"


@dataclass(frozen=True)
class Part:
    """One part of a model.

    kind    "embedding", "attention", "mlp", "norms", "other", "final norm" or "unembedding"
    layer   its block, None outside the blocks
    path    the module's path; the block's where several modules make up the part
    shapes  of its parameters, by their names below the path
    count   parameters counted here; 0 where all of them are tied to an earlier part's
    tied    the earlier parameters that its own are one with
    """

    kind: str
    layer: int | None
    path: str
    shapes: dict[str, tuple[int, ...]]
    count: int
    tied: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Its name among all parts: "block 3 mlp", "embedding"."""
        return self.kind if self.layer is None else f"block {self.layer} {self.kind}"


def tally(model: nn.Module, anatomy: Anatomy) -> tuple[Part, ...]:
    """The parts in the order of the forward pass; a tied weight is counted where it comes first.

    >>> sum(part.count for part in tally(lm.model, lm.anatomy))  # doctest: +SKIP
    134515008
    """
    gathered: dict[tuple[str, int | None, str], dict[str, nn.Parameter]] = {}
    for place in _places(anatomy):
        gathered[place] = {}
    for name, parameter in model.named_parameters(remove_duplicate=False):
        for place in _places_of(model, anatomy, name):
            gathered.setdefault(place, {})[name] = parameter
    counted: dict[int, str] = {}
    parts = (_part(place, named, counted) for place, named in gathered.items())
    return tuple(part for part in parts if part.shapes)


def _places(anatomy: Anatomy) -> Iterator[tuple[str, int | None, str]]:
    """Kind, layer and path of every part that can be, in the order of the forward pass."""
    yield "embedding", None, anatomy.embedding
    yield _OTHER, None, ""
    for layer, block in enumerate(anatomy.blocks):
        yield "attention", layer, block.attention or block.path
        yield "mlp", layer, block.mlp or block.path
        yield "norms", layer, block.path
        yield _OTHER, layer, block.path
    if anatomy.tail.norm:
        yield "final norm", None, anatomy.tail.norm
    if anatomy.speaks:
        yield "unembedding", None, anatomy.tail.unembedding


def _places_of(model: nn.Module, anatomy: Anatomy, name: str) -> list[tuple[str, int | None, str]]:
    """The parts that a parameter belongs to: of shared blocks, one in each."""
    within = [
        _place_in_block(model, block, layer, name)
        for layer, block in enumerate(anatomy.blocks)
        if block.holds(name)
    ]
    return within or [_place_outside(anatomy, name)]


def _place_outside(anatomy: Anatomy, name: str) -> tuple[str, int | None, str]:
    outside = {
        "embedding": anatomy.embedding, "final norm": anatomy.tail.norm,
        "unembedding": anatomy.tail.unembedding if anatomy.speaks else None,
    }  # fmt: skip
    for kind, path in outside.items():
        if path is not None and _within(name, path):
            return kind, None, path
    return _OTHER, None, ""


def _place_in_block(
    model: nn.Module, block: Block, layer: int, name: str
) -> tuple[str, int | None, str]:
    for kind, path in (("attention", block.attention), ("mlp", block.mlp)):
        if path is not None and _within(name, path):
            return kind, layer, path
    owner = model.get_submodule(name.rpartition(".")[0])
    # A norm is a module of vectors only; so are the few scales that stand beside norms.
    vectors = all(parameter.dim() <= 1 for parameter in owner.parameters())
    ends = (block.down, None if block.inside is None else block.inside.path)
    if not vectors and any(end is not None and _within(name, end) for end in ends):
        return "mlp", layer, block.mlp or block.path  # BERT's takes its state in another module
    return "norms" if vectors else _OTHER, layer, block.path


def _below(path: str, name: str) -> str:
    """A parameter's name below a path; of the lists that a block's members lie in, the list's."""
    parent, star, index = path.rpartition(".*.")
    if not star:
        return name.removeprefix(f"{path}.")
    return name.removeprefix(f"{parent}.").replace(f".{index}.", ".", 1)


def _within(name: str, path: str) -> bool:
    return name.startswith(f"{path}.") if path else True


def _part(
    place: tuple[str, int | None, str], named: dict[str, nn.Parameter], counted: dict[int, str]
) -> Part:
    """The part with what was not counted before; `counted` is written on."""
    kind, layer, path = place
    tied = tuple(counted[id(p)] for p in named.values() if id(p) in counted)
    fresh = {id(p): (name, p) for name, p in named.items() if id(p) not in counted}
    counted.update({key: name for key, (name, _) in fresh.items()})
    return Part(
        kind=kind,
        layer=layer,
        path=path,
        shapes={_below(path, name): tuple(p.shape) for name, p in named.items()},
        count=sum(p.numel() for _, p in fresh.values()),
        tied=tied,
    )

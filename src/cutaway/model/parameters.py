"""Counts a model's parameters part by part; the counts add up to the model's own total."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from torch import nn

from .structure import Anatomy, Block

__all__ = ["Part", "count_parameters"]

#: Kind, layer and path of a part.
_Place = tuple[str, int | None, str]
_OTHER = "other"
#: The parts that come after the blocks.
_LAST = ("final norm", "unembedding")


@dataclass(frozen=True)
class Part:
    """One part of a model.

    kind    "embedding", "encoder", "attention", "cross-attention", "mlp", "norms", "other",
            "final norm" or "unembedding"
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


def count_parameters(
    model: nn.Module, anatomy: Anatomy, reader: nn.Module | None = None
) -> tuple[Part, ...]:
    """The parts in the order of the forward pass; a tied weight is counted where it comes first.

    >>> sum(part.count for part in count_parameters(lm.model, lm.anatomy))  # doctest: +SKIP
    134515008

    reader  what reads an encoder-decoder's source: it is one part; else the model, or None
    """
    outside = _outside(anatomy, _encoder_path(model, reader))
    gathered: dict[_Place, dict[str, nn.Parameter]] = {}
    for place in _places(anatomy, outside):
        gathered[place] = {}
    for name, parameter in model.named_parameters(remove_duplicate=False):
        for place in _places_of(model, anatomy, outside, name):
            gathered.setdefault(place, {})[name] = parameter
    counted: dict[int, str] = {}
    parts = (_part(place, named, counted) for place, named in gathered.items())
    return tuple(part for part in parts if part.shapes)


def _encoder_path(model: nn.Module, reader: nn.Module | None) -> str | None:
    """Where the encoder is in the model; None where the reader is the model itself."""
    if reader is None or reader is model:
        return None
    # A conditioned encoder is no module of the model, but has the modules of one that is.
    found = (path for path, part in model.named_modules() if part._modules is reader._modules)
    return str(next(found))


def _outside(anatomy: Anatomy, encoder: str | None) -> dict[str, str]:
    """The paths of the parts outside of the blocks, by kind."""
    found = {
        "embedding": anatomy.embedding, "encoder": encoder, "final norm": anatomy.tail.norm,
        "unembedding": anatomy.tail.unembedding if anatomy.has_language_head else None,
    }  # fmt: skip
    return {kind: path for kind, path in found.items() if path}


def _places(anatomy: Anatomy, outside: Mapping[str, str]) -> Iterator[_Place]:
    """Kind, layer and path of every part that can be, in the order of the forward pass."""
    yield from ((kind, None, path) for kind, path in outside.items() if kind not in _LAST)
    yield _OTHER, None, ""
    for layer, block in enumerate(anatomy.blocks):
        yield from ((kind, layer, path or block.path) for kind, path in _inside(block).items())
        yield "norms", layer, block.path
        yield _OTHER, layer, block.path
    yield from ((kind, None, path) for kind, path in outside.items() if kind in _LAST)


def _places_of(
    model: nn.Module, anatomy: Anatomy, outside: Mapping[str, str], name: str
) -> list[_Place]:
    """The parts that a parameter belongs to: of shared blocks, one in each."""
    within = [
        _place_in_block(model, block, layer, name)
        for layer, block in enumerate(anatomy.blocks)
        if block.holds(name)
    ]
    around: list[_Place] = [
        (kind, None, path) for kind, path in outside.items() if _within(name, path)
    ]
    return within or around[:1] or [(_OTHER, None, "")]


def _inside(block: Block) -> dict[str, str | None]:
    """The paths of a block's parts, by kind; None where it has none, or none of its own."""
    return {"attention": block.attention, "cross-attention": block.cross, "mlp": block.mlp}


def _place_in_block(model: nn.Module, block: Block, layer: int, name: str) -> _Place:
    for kind, path in _inside(block).items():
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


def _part(place: _Place, named: dict[str, nn.Parameter], counted: dict[int, str]) -> Part:
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

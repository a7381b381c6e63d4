"""Inside a block: which module mixes positions, and where the MLP comes down.

Each kind of block (same classes, same shapes) is looked at once. Nothing is told by a name: a
module mixes positions if another value at one position changes what it gives at others; the
down-projection is the widest linear module that gives a residual's width outside of what mixes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from torch import Tensor

from .block_calls import BlockCalls
from .block_kinds import WatchedKinds
from .blocks import BlockList
from .equality import equal
from .fused_experts import fused_experts, is_fused
from .gating import is_gated
from .hooks import ModuleCall
from .inside import find_inside, why_none
from .routing import find_routing
from .routing import moved as moved_routing
from .structure import Block

__all__ = ["Parts", "find_parts"]


@dataclass(frozen=True)
class Parts:
    """The parts of every block, and why some have none.

    gated    whether the sign of every neuron's activation means nothing
    lacking  what the first block that lacks it lacks -> why: "inside", "neurons" that can't be
             had, an "MLP" at all (blocks without are common in hybrids), a choice of "experts"
    """

    blocks: tuple[Block, ...]
    gated: bool
    lacking: dict[str, str]


_NO_MLP = "has no MLP down-projection outside of what mixes positions"
_NO_CHOICE = "has experts that are not called with their numbers and weights, a row for each token"


@dataclass(frozen=True)
class _Found:
    block: Block
    gated: bool | None
    lacking: dict[str, str]


def find_parts(blocks: BlockList, kinds: WatchedKinds) -> Parts:
    """The parts of every block, as those of its kind's block that was watched."""
    found = {layer: _find(watched) for layer, watched in kinds.watched_blocks.items()}
    placed = list(blocks.blocks)
    for layer, layers in kinds.alike.items():
        for other in layers:
            moved = _moved(found[layer].block, blocks.blocks[layer], blocks.blocks[other])
            placed[other] = replace(moved, neurons=moved.neurons * blocks.layout.streams)
    signs = {entry.gated for entry in found.values()} - {None}
    lacking: dict[str, str] = {}
    for layer in sorted(found):
        for material, why in found[layer].lacking.items():
            lacking.setdefault(material, f"block {layer} {why}")
    return Parts(tuple(placed), signs == {True}, lacking)


def _find(watched: BlockCalls) -> _Found:
    downs = _down_projections(watched)
    fused = next((call for call in watched.below if is_fused(call.module)), None)
    obstacle = _obstacle(watched, downs)
    inside = find_inside(watched)
    block = Block(
        watched.path, attention=_attention(watched), inside=inside, cross=watched.cross,
        members=watched.members, routing=find_routing(watched),
    )  # fmt: skip
    lacking = {} if inside else {"inside": why_none(watched)}
    if block.routing is None and (fused is not None or _has_other_experts(watched)):
        lacking["experts"] = _NO_CHOICE
    if obstacle is not None:
        return _Found(block, None, {"neurons": obstacle, **lacking})
    if not downs and fused is None:
        return _Found(block, None, {"MLP": _NO_MLP, **lacking})
    down = downs[0] if downs else None
    experts = None if fused is None else fused_experts(fused.path, fused.module)
    n_dense = 0 if down is None else _width(watched, down)
    block = replace(
        block,
        mlp=_outermost(watched, down or fused),
        down=None if down is None else down.path,
        experts=experts,
        neurons=n_dense + (experts.count * experts.width if experts else 0),
    )
    return _Found(block, is_gated(watched, down, fused), lacking)


def _attention(watched: BlockCalls) -> str | None:
    """The outermost module that mixes positions, the largest of several side by side."""
    across = "" if watched.cross is None else f"{watched.cross}."
    modules = {
        call.path: call.module
        for call in watched.below
        if call.path in watched.mixing and not (across and f"{call.path}.".startswith(across))
    }
    sizes = {path: sum(p.numel() for p in module.parameters()) for path, module in modules.items()}
    return min(sizes, key=lambda path: (path.count("."), -sizes[path], path), default=None)


def _obstacle(watched: BlockCalls, downs: Sequence[ModuleCall]) -> str | None:
    """Why not all neurons of a block can be had; None where they can, or where it has none."""
    if len(downs) > 1:
        return "has more than one MLP"
    if downs and _is_bottleneck(watched, downs[0]):
        return "has its MLPs inside a bottleneck, on a state of another width"
    if _has_other_experts(watched):
        return "has experts that are called with a part of the tokens, or fused in a way of its own"
    return None


def _is_bottleneck(watched: BlockCalls, down: ModuleCall) -> bool:
    """Whether what comes down went up and came down before: it is no neurons, but a state.

    From its own width to another, by one linear module, and back to it by another.
    """
    width = _width(watched, down)
    earlier = [
        (call, _width(watched, call), watched.made(call)[0].shape[1])
        for call in watched.below
        if call.end < down.start and len(watched.taken(call)) == 1 and watched.made(call)
        and watched.outside_mixing(call.path) and not any(call.module.children())
    ]  # fmt: skip
    ups = [(call, made) for call, taken, made in earlier if taken == width != made]
    backs = [(call, taken) for call, taken, made in earlier if made == width != taken]
    return any(
        made == taken and up.end < back.start and watched.is_linear(up) and watched.is_linear(back)
        for up, made in ups
        for back, taken in backs
    )


def _has_other_experts(watched: BlockCalls) -> bool:
    """Whether matrices outside of what mixes positions work on a part of the tokens, or are fused.

    Experts kept as separate modules are each called with the tokens sent to them; some families
    fuse theirs in 3-D parameters without following transformers' interface.
    """
    if any(_is_partial(watched, call) for call in watched.below):
        return True
    for path, module in watched.modules.items():
        # A convolution over one position has a last axis of 1, and is a product with a matrix.
        deep = any(p.dim() == 3 and p.shape[2] > 1 for p in module.parameters(recurse=False))
        fused = deep and not is_fused(module)
        if fused and path not in watched.mixing and watched.outside_mixing(path):
            return True
    return False


def _is_partial(watched: BlockCalls, call: ModuleCall) -> bool:
    matrices = any(p.dim() == 2 for p in call.module.parameters(recurse=False))
    return matrices and watched.outside_mixing(call.path) and not watched.taken(call)


def _width(watched: BlockCalls, call: ModuleCall) -> int:
    return watched.taken(call)[0][1].shape[1]


def _down_projections(watched: BlockCalls) -> list[ModuleCall]:
    """The widest linear modules outside of what mixes positions: one, in nearly all models.

    Where a block keeps attention and MLP together in one module that mixes, those whose own
    parent does not mix.
    """
    spread = [
        rows for call in watched.below if call.path in watched.mixing for rows in watched.made(call)
    ]
    spread.append(watched.state)
    linear = [call for call in watched.below if _is_down_projection(watched, call, spread)]
    outside = [call for call in linear if watched.outside_mixing(call.path)]
    nested = [call for call in linear if call.path.rpartition(".")[0] not in watched.mixing]
    candidates = outside or nested
    widest = max((_width(watched, call) for call in candidates), default=0)
    return [call for call in candidates if _width(watched, call) == widest]


def _is_down_projection(watched: BlockCalls, call: ModuleCall, spread: Sequence[Tensor]) -> bool:
    """Whether a call is a product with a matrix, gives a residual's width, and takes new numbers.

    What a mixing module gave, or the state itself, is not a neuron's activation.
    """
    inner = any(other.path.startswith(f"{call.path}.") for other in watched.below)
    if inner or len(call.inputs) != 1 or None not in call.outputs:
        return False
    taken, made = watched.taken(call), watched.made(call)
    if not taken or not made or made[0].shape[1] != watched.layout.rest[-1]:
        return False
    rows = taken[0][1]
    return not any(equal(rows, other) for other in spread) and watched.is_linear(call)


def _outermost(watched: BlockCalls, call: ModuleCall | None) -> str | None:
    """The outermost module around a call, below the block, that does not mix positions."""
    if call is None:
        return None
    around = (other.path for other in watched.below if call.path.startswith(f"{other.path}."))
    return min((path for path in around if path not in watched.mixing), key=len, default=None)


def _moved(found: Block, old: Block, new: Block) -> Block:
    """The same parts in another block of the kind."""

    def move(path: str | None) -> str | None:
        roots = zip(old.roots, new.roots, strict=True)
        return next(
            (to + path[len(of) :] for of, to in roots if f"{path}.".startswith(f"{of}.")), None
        ) if path is not None else None  # fmt: skip

    return replace(
        new,
        attention=move(found.attention),
        mlp=move(found.mlp),
        cross=move(found.cross),
        down=move(found.down),
        experts=found.experts and replace(found.experts, path=str(move(found.experts.path))),
        neurons=found.neurons,
        inside=found.inside and replace(found.inside, path=str(move(found.inside.path))),
        routing=found.routing and moved_routing(found.routing, move),
    )

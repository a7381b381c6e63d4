"""Opening a trace file: no code is run, and no array is read before it is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..core.axes import INPUT_LAYER
from ..core.tokens import TokenRow
from .card import ModelCard
from .header import read_card, read_pieces, read_tokens
from .keep import MATERIALS
from .opened import Container, damaged, read_container
from .packed import read_calls
from .source import Floats, Material, Rows
from .standard import STANDARD_K, TARGETS
from .stored import StoredSource
from .trace import Trace
from .write import ANSWERS, DISTANCES

__all__ = ["read"]


def read(path: Path) -> Trace:
    """The trace in a file, with a source that answers what was kept.

    Raises FileError for a file that is missing, foreign, newer, cut off or damaged; an array
    that is damaged raises it when it is first read.
    """
    container = read_container(path)
    values = container.header
    try:
        tokens, card = read_tokens(values["tokens"]), read_card(values["card"])
        source = StoredSource(read_pieces(values["pieces"]))
        options, notes = dict(values["options"]), tuple(map(str, values["notes"]))
        materials = _materials(container, tokens, card)
        answers = _answers(container, tokens, card)
        calls = read_calls(container, len(tokens), card.n_layers)
    except (AttributeError, LookupError, OverflowError, TypeError, ValueError) as problem:
        raise damaged(path, f"its header describes no trace ({problem})") from None
    return Trace(
        tokens=tokens, card=card, materials=materials, source=source, answers=answers,
        calls=calls, options=options, notes=notes,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Layers(Mapping[int, Floats]):
    """A material by layer, each array checked when it is first read."""

    container: Container
    names: Mapping[int, str]

    def __getitem__(self, layer: int) -> Floats:
        return self.container.array(self.names[layer])

    def __contains__(self, layer: object) -> bool:
        return layer in self.names  # Mapping's own would read the array

    def __iter__(self) -> Iterator[int]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)


def _materials(container: Container, tokens: TokenRow, card: ModelCard) -> dict[str, Material]:
    found: dict[str, dict[int, str]] = {}
    for name in container.names:
        material, _, layer = name.partition("/")
        if material in ("answers", "attention"):
            continue
        if material not in MATERIALS or not INPUT_LAYER <= int(layer) < card.n_layers:
            raise ValueError(f"an array {name!r} has no place in it")
        width = card.width if material in ("states", "inside") else container.shape(name)[1]
        if container.shape(name) != (len(tokens), width):
            raise ValueError(f"the array {name!r} has the shape {container.shape(name)}")
        found.setdefault(material, {})[int(layer)] = name
    return {name: _Layers(container, dict(sorted(found[name].items()))) for name in found}


def _answers(container: Container, tokens: TokenRow, card: ModelCard) -> Rows | None:
    """The stored answers; unlike materials they are small, and checked at once."""
    if not any(name.startswith("answers/") for name in container.names):
        return None
    cells = (card.n_layers + 1, len(tokens))
    last = {"entropy": (), "target_id": (len(TARGETS),)}
    last |= dict.fromkeys(("token_id", "probability", "logit"), (STANDARD_K,))
    last |= dict.fromkeys(("rank", "target_logit", "target_logprob"), (len(TARGETS),))
    for name in ANSWERS:
        shape = (cells[1:] if name == "target_id" else cells) + last[name]
        if container.shape(f"answers/{name}") != shape:
            raise ValueError(f"its answers have no {name} of the shape {shape}")
    distances = {
        name.removeprefix(DISTANCES): container.array(name)
        for name in container.names
        if name.startswith(DISTANCES)
    }
    return Rows(
        **{name: container.array(f"answers/{name}") for name in ANSWERS}, distances=distances
    )

"""Opening a trace file: no code is run, and no array is read before it is asked for."""

from __future__ import annotations

from pathlib import Path

from ..core.axes import INPUT_LAYER
from ..core.tokens import TokenRow
from .card import ModelCard
from .header import read_card, read_pieces, read_tokens
from .keep import MATERIALS
from .lens_answers import KEPT_K, TARGETS
from .packed import CROSSINGS, ByLayer, read_calls
from .read_container import Container, damaged, read_container
from .source import Floats, Material, Rows
from .stored import StoredSource
from .trace import Trace
from .write import ANSWERS, DISTANCES, ENCODER, HEARD, VERDICTS

__all__ = ["read"]


def read(path: Path) -> Trace:
    """The trace in a file, with a source that answers what was kept.

    Raises FileError for a file that is missing, foreign, newer, cut off or damaged; an array
    that is damaged raises it when it is first read.
    """
    container = read_container(path)
    try:
        if "encoder" not in container.header:
            return _trace(container, None)
        encoder = _trace(container.part(ENCODER, dict(container.header["encoder"])), None)
        return _trace(container.without(ENCODER), encoder)
    except (AttributeError, LookupError, OverflowError, TypeError, ValueError) as problem:
        raise damaged(path, f"its header describes no trace ({problem})") from None


def _trace(container: Container, encoder: Trace | None) -> Trace:
    """The trace in a container; AttributeError, LookupError and such where it describes none."""
    values = container.header
    tokens, card = read_tokens(values["tokens"]), read_card(values["card"])
    S = 0 if encoder is None else encoder.n_positions
    return Trace(
        tokens=tokens,
        card=card,
        materials=_materials(container, tokens, card),
        source=StoredSource(read_pieces(values["pieces"])),
        answers=_answers(container, tokens, card),
        verdicts=_verdicts(container, tokens, card),
        calls=read_calls(container, len(tokens), card.n_layers),
        options=dict(values["options"]),
        notes=tuple(map(str, values["notes"])),
        encoder=encoder,
        crossings=read_calls(container, len(tokens), card.n_layers, prefix=CROSSINGS, n_keys=S),
        heard=_heard(container, tokens),
    )


class _Layers(ByLayer[Floats]):
    """A material by layer, each array checked when it is first read."""

    def __getitem__(self, layer: int) -> Floats:
        return self.container.array(self.entries[layer])


def _materials(container: Container, tokens: TokenRow, card: ModelCard) -> dict[str, Material]:
    found: dict[str, dict[int, str]] = {}
    for name in container.names:
        material, _, layer = name.partition("/")
        if material in ("answers", "attention", "crossings") or name in (VERDICTS, HEARD):
            continue
        if material not in MATERIALS or not INPUT_LAYER <= int(layer) < card.n_layers:
            raise ValueError(f"an array {name!r} has no place in it")
        width = card.width if material in ("states", "inside") else container.shape(name)[1]
        if container.shape(name) != (len(tokens), width):
            raise ValueError(f"the array {name!r} has the shape {container.shape(name)}")
        found.setdefault(material, {})[int(layer)] = name
    return {name: _Layers(container, dict(sorted(found[name].items()))) for name in found}


def _verdicts(container: Container, tokens: TokenRow, card: ModelCard) -> Floats | None:
    """A classifier's logits after each layer, where they were kept."""
    if VERDICTS not in container.names:
        return None
    each = (len(card.labels),) if card.task == "sequence" else (len(tokens), len(card.labels))
    if container.shape(VERDICTS) != (card.n_layers + 1, *each):
        raise ValueError(f"its classes' logits have the shape {container.shape(VERDICTS)}")
    return container.array(VERDICTS)


def _heard(container: Container, tokens: TokenRow) -> Floats | None:
    """The features of a sound, which every trace of one has."""
    if (HEARD in container.names) != bool(tokens.times):
        raise ValueError("it has frames without a sound, or a sound without frames")
    if not tokens.times:
        return None
    if container.dtype(HEARD) != "F32" or not container.shape(HEARD):
        raise ValueError(f"its sound has the shape {container.shape(HEARD)}")
    return container.array(HEARD)


def _answers(container: Container, tokens: TokenRow, card: ModelCard) -> Rows | None:
    """The stored answers; unlike materials they are small, and checked at once."""
    if not any(name.startswith("answers/") for name in container.names):
        return None
    cells = (card.n_layers + 1, len(tokens))
    last = {"entropy": (), "target_id": (len(TARGETS),)}
    last |= dict.fromkeys(("token_id", "probability", "logit"), (KEPT_K,))
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

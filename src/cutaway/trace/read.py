"""Opening a trace file: no code is run, and no array is read before it is asked for."""

from __future__ import annotations

from pathlib import Path

from ..core.axes import INPUT_LAYER
from ..core.tokens import TokenRow
from .array_names import (
    ANSWER_FIELDS,
    ANSWERS,
    ATTENTION,
    CLASS_LOGITS,
    CROSS_ATTENTION,
    DISTANCES,
    ENCODER,
    SOUND_FEATURES,
)  # fmt: skip
from .card import ModelCard
from .header import read_card, read_pieces, read_tokens
from .keep import MATERIALS
from .lens_answers import KEPT_K, TARGETS
from .read_container import Container, damaged, read_container
from .source import Floats, Material, Rows
from .stored_attention import ByLayer, read_calls
from .stored_source import StoredSource
from .trace import Trace

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
        class_logits=_class_logits(container, tokens, card),
        calls=read_calls(container, len(tokens), card.n_layers),
        options=dict(values["options"]),
        notes=tuple(map(str, values["notes"])),
        encoder=encoder,
        cross_calls=read_calls(
            container, len(tokens), card.n_layers, prefix=CROSS_ATTENTION, n_keys=S
        ),
        sound_features=_sound_features(container, tokens),
    )


class _Layers(ByLayer[Floats]):
    """A material by layer, each array checked when it is first read."""

    def __getitem__(self, layer: int) -> Floats:
        return self.container.array(self.entries[layer])


def _materials(container: Container, tokens: TokenRow, card: ModelCard) -> dict[str, Material]:
    found: dict[str, dict[int, str]] = {}
    for name in container.names:
        material, _, layer = name.partition("/")
        if name in (CLASS_LOGITS, SOUND_FEATURES):
            continue
        if name.startswith((ANSWERS, ATTENTION, CROSS_ATTENTION)):
            continue
        if material not in MATERIALS or not INPUT_LAYER <= int(layer) < card.n_layers:
            raise ValueError(f"an array {name!r} has no place in it")
        width = card.width if material in ("states", "inside") else container.shape(name)[1]
        if container.shape(name) != (len(tokens), width):
            raise ValueError(f"the array {name!r} has the shape {container.shape(name)}")
        found.setdefault(material, {})[int(layer)] = name
    return {name: _Layers(container, dict(sorted(found[name].items()))) for name in found}


def _class_logits(container: Container, tokens: TokenRow, card: ModelCard) -> Floats | None:
    """A classifier's logits after each layer, where they were kept."""
    if CLASS_LOGITS not in container.names:
        return None
    each = (len(card.labels),) if card.task == "sequence" else (len(tokens), len(card.labels))
    if container.shape(CLASS_LOGITS) != (card.n_layers + 1, *each):
        raise ValueError(f"its classes' logits have the shape {container.shape(CLASS_LOGITS)}")
    return container.array(CLASS_LOGITS)


def _sound_features(container: Container, tokens: TokenRow) -> Floats | None:
    """The features of a sound, which every trace of one has."""
    if (SOUND_FEATURES in container.names) != bool(tokens.times):
        raise ValueError("it has frames without a sound, or a sound without frames")
    if not tokens.times:
        return None
    if container.dtype(SOUND_FEATURES) != "F32" or not container.shape(SOUND_FEATURES):
        raise ValueError(f"its sound has the shape {container.shape(SOUND_FEATURES)}")
    return container.array(SOUND_FEATURES)


def _answers(container: Container, tokens: TokenRow, card: ModelCard) -> Rows | None:
    """The stored answers; unlike materials they are small, and checked at once."""
    if not any(name.startswith(ANSWERS) for name in container.names):
        return None
    cells = (card.n_layers + 1, len(tokens))
    last = {"entropy": (), "target_id": (len(TARGETS),)}
    last |= dict.fromkeys(("token_id", "probability", "logit"), (KEPT_K,))
    last |= dict.fromkeys(("rank", "target_logit", "target_logprob"), (len(TARGETS),))
    for name in ANSWER_FIELDS:
        shape = (cells[1:] if name == "target_id" else cells) + last[name]
        if container.shape(ANSWERS + name) != shape:
            raise ValueError(f"its answers have no {name} of the shape {shape}")
    distances = {
        name.removeprefix(DISTANCES): container.array(name)
        for name in container.names
        if name.startswith(DISTANCES)
    }
    return Rows(
        **{name: container.array(ANSWERS + name) for name in ANSWER_FIELDS}, distances=distances
    )

"""One vector for a text: the states of one layer, pooled over its tokens."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.utils.hub import cached_file

from ..core.choices import read_choice
from ..core.errors import MissingError, UnknownError
from ..trace.source import Floats
from .forward import device_of, forward, inference_mode
from .record import recording
from .structure import Anatomy

__all__ = ["POOLINGS", "PoolingConfig", "embed", "pooling_config", "token_rows"]

#: How the rows (B, T, n) of texts become one vector each.
POOLINGS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "mean": lambda rows: rows.mean(dim=1),
    "cls": lambda rows: rows[:, 0],
    "last": lambda rows: rows[:, -1],
    "max": lambda rows: rows.amax(dim=1),
}
#: The names that sentence-transformers has for them.
_NAMES = {
    "mean": "pooling_mode_mean_tokens", "cls": "pooling_mode_cls_token",
    "last": "pooling_mode_lasttoken", "max": "pooling_mode_max_tokens",
}  # fmt: skip
#: Tokens read at once.
_TOKENS = 4096


@dataclass(frozen=True)
class PoolingConfig:
    """How a model's own files make a vector of a text.

    pooling     one of POOLINGS
    normalise   whether the vector is brought to length 1
    configured  whether files say so; False: the mean, as nothing is said
    """

    pooling: str = "mean"
    normalise: bool = False
    configured: bool = False


def pooling_config(model: PreTrainedModel) -> PoolingConfig:
    """What the files beside the model say (modules.json, as sentence-transformers writes them).

    Without them: the mean, not normalised. Raises UnknownError for a pooling that is none of
    POOLINGS.
    """
    modules = _read(model, "modules.json")
    if not isinstance(modules, list):
        return PoolingConfig()
    kinds = {str(entry["type"]).rpartition(".")[2]: str(entry["path"]) for entry in modules}
    normalise = "Normalize" in kinds
    if "Pooling" not in kinds:
        return PoolingConfig(normalise=normalise, configured=True)
    told = _read(model, f"{kinds['Pooling']}/config.json") or {}
    chosen = [name for name, key in _NAMES.items() if told.get(key)]
    asked = [key for key, value in told.items() if key.startswith("pooling_mode") and value]
    if len(chosen) != 1 or len(asked) != 1:
        raise UnknownError(
            "pooling of the model's configuration", ", ".join(asked) or "none", allowed=POOLINGS,
            fix="say which you want: pooling='mean'",
        )  # fmt: skip
    return PoolingConfig(chosen[0], normalise, configured=True)


def _read(model: PreTrainedModel, name: str) -> Any:
    """A JSON file beside the model's own, or None where there is none."""
    found = cached_file(
        model.name_or_path, name, local_files_only=True, _raise_exceptions_for_gated_repo=False,
        _raise_exceptions_for_missing_entries=False, _raise_exceptions_for_connection_errors=False,
    ) if model.name_or_path else None  # fmt: skip
    if found is None:
        return None
    return json.loads(Path(found).read_text("utf-8"))


def embed(
    model: PreTrainedModel,
    anatomy: Anatomy,
    texts: Sequence[Sequence[int]],
    pooling: str,
    layer: int | None,
) -> Floats:
    """(n, width) float32, a vector for each text of token ids.

    layer  the state after that block (-1: before block 0); None: what the model's body gives,
           its final norm included

    Texts of one length are read together, so that none is padded.
    """
    read_choice("pooling", pooling, POOLINGS)
    found = np.empty((len(texts), 0), dtype=np.float32)
    with inference_mode(model):
        for places in _together(texts):
            ids = torch.tensor([list(texts[place]) for place in places], device=device_of(model))
            rows = _body(model, ids) if layer is None else _states(model, anatomy, ids, layer)
            vectors = POOLINGS[pooling](rows.float()).cpu().numpy()
            if not found.shape[1]:
                found = np.empty((len(texts), vectors.shape[1]), dtype=np.float32)
            found[places] = vectors
    return found


def token_rows(model: nn.Module, anatomy: Anatomy, token_ids: Sequence[int]) -> Floats:
    """(n, width) float32, what the model's token embedding gives for each token, read alone.

    Raises MissingError where it gives no row for each, or one that depends on its neighbours.
    """
    module = model.get_submodule(anatomy.embedding)
    with inference_mode(model):
        parts = [
            _rows_of(module, token_ids[low : low + _TOKENS])
            for low in range(0, len(token_ids), _TOKENS)
        ]
        turned = _rows_of(module, list(token_ids[:_TOKENS])[::-1])
    if not np.array_equal(turned[::-1], parts[0]):
        raise MissingError(
            "the rows of the token embedding",
            because=f"{anatomy.embedding} gives a token other numbers beside other tokens",
            fix="embed texts: ct.embed(lm, texts)",
        )
    return np.concatenate(parts)


def _rows_of(module: nn.Module, token_ids: Sequence[int]) -> Floats:
    given = torch.tensor([list(token_ids)], device=device_of(module))
    rows = module(given)
    if not isinstance(rows, Tensor) or rows.shape[:2] != given.shape or rows.ndim != 3:
        raise MissingError(
            "the rows of the token embedding", because="it gives something else than one per token",
            fix="embed texts: ct.embed(lm, texts)",
        )  # fmt: skip
    found: Floats = rows[0].float().cpu().numpy()
    return found


def _together(texts: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """The places of texts of one length, at most so many tokens at a time."""
    by_length: dict[int, list[int]] = defaultdict(list)
    for place, ids in enumerate(texts):
        by_length[len(ids)].append(place)
    for length, places in by_length.items():
        size = max(1, _TOKENS // length)
        for low in range(0, len(places), size):
            yield places[low : low + size]


def _body(model: PreTrainedModel, ids: Tensor) -> Tensor:
    body: nn.Module = model.base_model
    rows: Tensor = forward(body, ids).last_hidden_state
    return rows


def _states(model: nn.Module, anatomy: Anatomy, ids: Tensor, layer: int) -> Tensor:
    held: list[Tensor] = []
    with recording(
        model, anatomy, ("states",), lambda _, __, rows: held.append(rows.clone()), [layer]
    ):
        forward(model, ids, logits_to_keep=1)
    return held[0][:, : ids.shape[1]]  # some models pad every text

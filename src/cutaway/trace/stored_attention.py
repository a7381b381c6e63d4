"""Attention calls in a trace file: what the header says of them, and arrays by name.

An array that several blocks share, such as angles, lies in the file once, under the name of the
first block that has it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, TypeVar, cast, get_args

import numpy as np
from numpy.typing import NDArray

from .array_names import ATTENTION
from .attention import AttentionCall, Layout, Rotary
from .read_container import Container

__all__ = ["ByLayer", "pack_calls", "read_calls"]

T_co = TypeVar("T_co", covariant=True)

_NEEDED = {"query", "key", "value"}
_SHARED = ("cos", "sin", "hidden", "bias")
_SETTINGS = ("scale", "causal", "window", "cap")
_PLAIN = ("query", "key", "value", "hidden", "bias", "sinks", "written")


def pack_calls(
    calls: Mapping[int, AttentionCall], prefix: str = ATTENTION
) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """The header's entry, layer -> settings and names of arrays, and the arrays by name."""
    entries: dict[str, Any] = {}
    arrays: dict[str, NDArray[Any]] = {}
    names: dict[tuple[tuple[int, ...], bytes], str] = {}
    for layer, call in calls.items():
        held = {}
        for field, array in call.arrays().items():
            held[field] = name = f"{prefix}{layer}/{field}"
            if field in _SHARED:
                content = hashlib.sha256(np.ascontiguousarray(array).data).digest()
                held[field] = names.setdefault((array.shape, content), name)
            arrays.setdefault(held[field], array)
        entries[str(layer)] = {
            "scale": float(call.scale),
            "cap": None if call.cap is None else float(call.cap),
            "causal": call.causal,
            "window": call.window,
            "layout": None if call.rotary is None else call.rotary.layout,
            "arrays": held,
        }
    return entries, arrays


def read_calls(
    container: Container,
    T: int,
    n_layers: int,
    *,
    prefix: str = ATTENTION,
    n_keys: int | None = None,
) -> Mapping[int, AttentionCall]:
    """Layer -> its call, whose arrays are read when it is asked for.

    n_keys  how many positions of a source are looked at; None: it is the text's own T

    Raises AttributeError, LookupError, TypeError or ValueError where the header describes none.
    """
    listed = container.header.get(prefix.rstrip("/"), {})
    entries = {int(layer): entry for layer, entry in listed.items()}
    for layer, entry in entries.items():
        if not 0 <= layer < n_layers:
            raise ValueError(f"it has attention of layer {layer}")
        _check_settings(entry)
        _check_arrays(container, entry, T, T if n_keys is None else n_keys)
    named = {name for entry in entries.values() for name in entry["arrays"].values()}
    if named != {name for name in container.names if name.startswith(prefix)}:
        raise ValueError("its attention lists other arrays than it has")
    return _Calls(container, entries)


@dataclass(frozen=True, eq=False)
class ByLayer(Mapping[int, T_co]):
    """What a file has by layer: arrays are read where a layer is asked for, and only then.

    entries  layer -> what says where its arrays are
    """

    container: Container
    entries: Mapping[int, Any]

    def __contains__(self, layer: object) -> bool:
        return layer in self.entries  # Mapping's own would read the arrays

    def __iter__(self) -> Iterator[int]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)


class _Calls(ByLayer[AttentionCall]):
    """The calls by layer, each made of its arrays when it is asked for."""

    def __getitem__(self, layer: int) -> AttentionCall:
        entry = self.entries[layer]
        held: dict[str, Any] = {
            field: self.container.array(name) for field, name in entry["arrays"].items()
        }
        if entry["layout"] is not None:
            angles = held.pop("cos"), held.pop("sin")
            held["rotary"] = Rotary(held["query"], held["key"], *angles, entry["layout"])
        return AttentionCall(**held, **{name: entry[name] for name in _SETTINGS})


def _check_settings(entry: Mapping[str, Any]) -> None:
    scale, cap, window = entry["scale"], entry["cap"], entry["window"]
    numbers = [scale] if cap is None else [scale, cap]
    if not all(type(number) is float and isfinite(number) for number in numbers):
        raise TypeError("its attention has no scale or cap")
    if type(entry["causal"]) is not bool or not (window is None or type(window) is int):
        raise TypeError("its attention has no causal or window")
    if entry["layout"] not in (None, *get_args(Layout)):
        raise ValueError(f"its rotary embedding has the layout {entry['layout']!r}")


def _check_arrays(container: Container, entry: Mapping[str, Any], T: int, S: int) -> None:
    """Shapes must fit one another and the text."""
    names = cast("dict[str, str]", entry["arrays"])
    angles = {"cos", "sin"} if entry["layout"] is not None else set()
    if not _NEEDED | angles <= set(names) <= {*_PLAIN, *angles}:
        raise ValueError("its attention lacks an array")
    shapes = {field: container.shape(name) for field, name in names.items()}
    (H, _, d), (K, _, dv) = shapes["query"], shapes["value"]
    fitting: dict[str, list[tuple[int, ...]]] = {
        "query": [(H, T, d)], "key": [(K, S, d)], "value": [(K, S, dv)], "sinks": [(H,)],
        "written": [(H, S)], "hidden": [(1, T, S), (H, T, S)], "bias": [(1, T, S), (H, T, S)],
        "cos": [(T, shapes.get("cos", (T, 0))[-1])], "sin": [shapes.get("cos", ())],
    }  # fmt: skip
    for field, shape in shapes.items():
        of_type = container.dtype(names[field]) == ("BOOL" if field == "hidden" else "F32")
        if shape not in fitting[field] or not of_type:
            raise ValueError(f"the array {names[field]!r} has the shape {shape}")
    if not K or H % K or (angles and (shapes["cos"][1] > d or shapes["cos"][1] % 2)):
        raise ValueError("its attention's heads do not fit one another")

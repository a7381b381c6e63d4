"""Queries, keys and values come back from a file to the last bit; what fits none is refused."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cutaway.core.errors import FileError, MissingError
from cutaway.trace.read import read
from tests.same import same

from .linear import T, linear_trace
from .test_files import written


def header_of(path: Path) -> tuple[str, dict[str, Any]]:
    raw = path.read_bytes()
    metadata = json.loads(raw[8 : 8 + struct.unpack("<Q", raw[:8])[0]])["__metadata__"]
    return metadata["version"], json.loads(metadata["header"])


def test_every_field_comes_back(tmp_path: Path) -> None:
    trace = linear_trace(keep=["attention"])
    opened = read(trace.save(tmp_path / "a.trace"))
    assert list(opened.calls) == [0, 2]
    for layer, call in trace.calls.items():
        again = opened.attention_call(layer)
        assert vars(again).keys() == vars(call).keys()
        for name in ("scale", "causal", "window", "cap"):
            assert getattr(again, name) == getattr(call, name)
        for name, array in call.arrays().items():
            assert array.dtype == again.arrays()[name].dtype
            np.testing.assert_array_equal(array, again.arrays()[name])
        assert call.rotary is not None
        assert again.rotary is not None
        assert again.rotary.layout == call.rotary.layout
        np.testing.assert_array_equal(again.rotary.query, call.rotary.query)
        np.testing.assert_array_equal(again.rotary.key, call.rotary.key)


def test_weights_need_no_model_once_kept(tmp_path: Path) -> None:
    trace = linear_trace(keep=["attention"])
    opened = read(trace.save(tmp_path / "a.trace"))
    for layer, call in trace.calls.items():
        for heads in ([0, 1], [1]):
            found = opened.source.attention(opened, layer, heads)
            np.testing.assert_array_equal(found, call.weights(heads))
    with pytest.raises(MissingError, match=r"layer 1.*keep='attention', or attach the model"):
        opened.source.attention(opened, 1, [0])
    bare = read(linear_trace().save(tmp_path / "b.trace"))
    with pytest.raises(MissingError, match="kept states; trace again with keep='attention'"):
        bare.source.attention(bare, 0, [0])


def test_shared_arrays_lie_in_the_file_once(tmp_path: Path) -> None:
    version, header = header_of(linear_trace(keep=["attention"]).save(tmp_path / "a.trace"))
    assert version == "2"
    assert "attention/0/cos" in header["arrays"]
    assert "attention/2/cos" not in header["arrays"]
    assert "attention/2/query" in header["arrays"]
    assert header_of(linear_trace().save(tmp_path / "b.trace"))[0] == "1"


@pytest.mark.parametrize("name", ["query", "value", "hidden", "bias", "sinks", "written"])
def test_same_sees_every_number(name: str) -> None:
    trace, other = linear_trace(keep=["attention"]), linear_trace(keep=["attention"])
    assert same(trace, other)
    array = getattr(other.calls[2], name)
    array.flat[-1] = not array.flat[-1] if array.dtype == bool else array.flat[-1] + 1e-6
    assert not same(trace, other)


@pytest.mark.parametrize("change", [{"window": 3}, {"cap": None}, {"scale": 0.4}, {"rotary": None}])
def test_same_sees_every_setting(change: dict[str, Any]) -> None:
    trace = linear_trace(keep=["attention"])
    calls = {**trace.calls, 2: replace(trace.calls[2], **change)}
    assert not same(trace, replace(trace, calls=calls))


def test_a_damaged_query_is_found_when_its_block_is_read(tmp_path: Path) -> None:
    trace = linear_trace(keep=["attention"])
    path = trace.save(tmp_path / "a.trace")
    raw = path.read_bytes()
    at = raw.index(trace.calls[2].query.tobytes())
    path.write_bytes(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :])
    opened = read(path)
    assert opened.attention_call(0).n_heads == 2
    with pytest.raises(FileError, match="is damaged: the array 'attention/2/query'"):
        opened.attention_call(2)


@pytest.mark.parametrize(
    "change",
    [
        lambda said: said.pop("2"),
        lambda said: said.update({"3": said["2"]}),
        lambda said: said["2"].update(scale="1"),
        lambda said: said["2"].update(scale=float("nan")),
        lambda said: said["2"].update(window=1.5),
        lambda said: said["2"].update(causal=1),
        lambda said: said["2"].update(layout="other"),
        lambda said: said["2"].update(layout=None),
        lambda said: said["2"]["arrays"].pop("key"),
        lambda said: said["2"]["arrays"].update(more="attention/2/key"),
        lambda said: said["2"]["arrays"].update(bias="attention/2/hidden"),
        lambda said: said["2"]["arrays"].update(sinks="attention/2/query"),
        lambda said: said["0"]["arrays"].update(key="attention/0/absent"),
    ],
)
def test_a_header_that_describes_no_attention_is_refused(
    tmp_path: Path, change: Callable[[dict[str, Any]], object]
) -> None:
    def changed(header: dict[str, Any]) -> None:
        change(header["attention"])

    with pytest.raises(FileError, match="is damaged"):
        read(written(tmp_path / "a.trace", changed, keep="attention"))


def test_a_file_from_before_there_was_attention_is_read(tmp_path: Path) -> None:
    path = written(tmp_path / "a.trace", lambda header: header["card"].pop("call_bytes"))
    opened = read(path)
    assert opened.card.call_bytes == (0, 0, 0)
    assert opened.calls == {}
    assert opened.kept == ("states", "lens")


def test_a_text_of_another_length_is_refused(tmp_path: Path) -> None:
    trace = linear_trace(keep=["attention"])
    call = trace.calls[0]
    short = replace(call, query=call.query[:, : T - 1])
    path = replace(trace, calls={0: short}).save(tmp_path / "a.trace")
    with pytest.raises(FileError, match=r"'attention/0/query' has the shape \(2, 4, 4\)"):
        read(path)

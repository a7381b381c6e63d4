"""open(save(trace)) is the trace, read lazily; what is no trace is refused in words."""

import errno
import hashlib
import json
import os
import pickle
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors
from safetensors.numpy import save_file

from cutaway.core.errors import FileError, InvalidError, MissingError
from cutaway.core.tokens import Piece
from cutaway.trace.header import header
from cutaway.trace.read import read
from cutaway.trace.read_container import read_container
from cutaway.trace.trace import Trace
from cutaway.trace.write_container import write_container
from tests.same import same

from .linear import LABELS, linear_trace

KEEPS = [(), ("neurons",), ("lens",), ("attention",), ("neurons", "lens", "attention")]


@pytest.mark.parametrize("keep", KEEPS)
def test_a_saved_trace_is_the_trace(tmp_path: Path, keep: tuple[str, ...]) -> None:
    trace = linear_trace(keep=keep)
    opened = read(trace.save(tmp_path / "a.trace"))
    assert same(trace, opened)
    assert opened.kept == trace.kept
    assert opened.tokens.labels == LABELS
    assert same(trace, read(opened.save(tmp_path / "b.trace")))
    assert (tmp_path / "a.trace").read_bytes() == (tmp_path / "b.trace").read_bytes()


def test_same_sees_every_difference() -> None:
    trace = linear_trace(keep=["lens"])
    other = linear_trace(keep=["lens"])
    assert same(trace, other)
    other.materials["states"][1][2, 3] += 1e-7  # type: ignore[index]
    assert not same(trace, other)
    assert not same(trace, linear_trace())
    assert not same(trace, linear_trace(keep=["lens", "neurons"]))


def test_safetensors_reads_the_arrays_too(tmp_path: Path) -> None:
    trace = linear_trace(keep=["neurons"])
    trace.save(tmp_path / "a.trace")
    with safetensors.safe_open(tmp_path / "a.trace", framework="numpy") as file:
        assert set(file.keys()) == {f"states/{i}" for i in range(-1, 3)} | {
            "neurons/0",
            "neurons/2",
        }
        assert file.metadata()["format"] == "cutaway trace"
        np.testing.assert_array_equal(file.get_tensor("states/1"), trace.state(1))


def test_arrays_are_aligned_and_read_only(tmp_path: Path) -> None:
    opened = read(linear_trace(keep=["neurons", "lens"]).save(tmp_path / "a.trace"))
    for layers in opened.materials.values():
        for array in layers.values():
            assert array.flags.aligned
            assert not array.flags.writeable


def test_a_save_over_the_open_file_keeps_both_right(tmp_path: Path) -> None:
    opened = read(linear_trace().save(tmp_path / "a.trace"))
    linear_trace(seed=1).save(tmp_path / "a.trace")
    assert same(opened, linear_trace())
    assert same(read(tmp_path / "a.trace"), linear_trace(seed=1))


def test_a_damaged_array_is_found_when_it_is_read(tmp_path: Path) -> None:
    path = linear_trace().save(tmp_path / "a.trace")
    raw = bytearray(path.read_bytes())
    raw[-1] ^= 1  # in the array that lies last, the state of the last layer
    path.write_bytes(raw)
    opened = read(path)
    assert opened.state(0).shape == (5, 8)
    with pytest.raises(FileError, match=r"is damaged: the array 'states/2'"):
        opened.state(2)


def test_options_that_json_cannot_hold_are_refused(tmp_path: Path) -> None:
    trace = linear_trace()
    odd = Trace(trace.tokens, trace.card, trace.materials, trace.source, options={"x": object()})
    with pytest.raises(InvalidError, match="options of the trace"):
        odd.save(tmp_path / "a.trace")
    assert not list(tmp_path.iterdir())


def test_what_was_not_kept_says_what_to_do(tmp_path: Path) -> None:
    opened = read(linear_trace().save(tmp_path / "a.trace"))
    with pytest.raises(MissingError, match="keep='neurons', or attach the model"):
        opened.material("neurons", [0])
    assert opened.source.pieces([39, -1]) == (Piece(" t39", "·t39"), Piece("", "–"))
    with pytest.raises(MissingError, match="the text of token 38"):
        opened.source.pieces([38])
    with pytest.raises(MissingError, match="the tokenizer"):
        opened.source.token_id(" x")


def test_a_full_disk_is_said_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = linear_trace().save(tmp_path / "a.trace")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FileError, match="the disk is full"):
        linear_trace(seed=1).save(path)
    assert [one.name for one in tmp_path.iterdir()] == ["a.trace"]
    assert same(read(path), linear_trace())


def written(path: Path, change: Callable[[dict[str, Any]], object], keep: str = "lens") -> Path:
    """A file whose checksums are right and whose header was changed by hand."""
    raw = linear_trace(keep=[keep]).save(path).read_bytes()
    length = struct.unpack("<Q", raw[:8])[0]
    metadata = json.loads(raw[8 : 8 + length])["__metadata__"]
    header = json.loads(metadata["header"])
    change(header)
    metadata["header"] = json.dumps(header)
    metadata["sha256"] = hashlib.sha256(metadata["header"].encode()).hexdigest()
    table = json.loads(raw[8 : 8 + length]) | {"__metadata__": metadata}
    packed = json.dumps(table).encode()
    path.write_bytes(struct.pack("<Q", len(packed)) + packed + raw[8 + length :])
    return path


def test_a_header_written_by_hand_is_read(tmp_path: Path) -> None:
    assert same(read(written(tmp_path / "a", lambda header: None)), linear_trace(keep=["lens"]))


@pytest.mark.parametrize(
    "change",
    [
        lambda header: header.pop("tokens"),
        lambda header: header.pop("arrays"),
        lambda header: header["tokens"].update(ids=[1, 2]),
        lambda header: header["tokens"].update(ids=[True] * 5),
        lambda header: header["tokens"].update(n_prompt="3"),
        lambda header: header["tokens"].update({k: [] for k in header["tokens"] if k[-1] == "s"}),
        lambda header: header["card"].update(width=9),
        lambda header: header["card"].update(n_layers=2),
        lambda header: header["card"].update(n_layers=-1),
        lambda header: header["card"].update(another=1),
        lambda header: header["card"].update(experts=[[4, 160]]),
        lambda header: header["card"].update(capabilities=None),
        lambda header: header.update(pieces=[[1, "a"]]),
        lambda header: header.update(options=[1]),
        lambda header: header.update(notes=None),
        lambda header: header["arrays"]["states/0"].update(shape=[10**12, 8]),
        lambda header: header["arrays"]["states/0"].update(shape=[-5, -8]),
        lambda header: header["arrays"]["states/0"].update(dtype="object"),
        lambda header: header["arrays"].update(extra={}),
    ],
)
def test_a_header_that_describes_no_trace_is_refused(
    tmp_path: Path, change: Callable[[dict[str, Any]], object]
) -> None:
    with pytest.raises(FileError, match="is damaged"):
        read(written(tmp_path / "a.trace", change))


@pytest.mark.parametrize("name", ["neurons/0", "states/0", "states/3", "other/0", "answers/rank"])
def test_arrays_that_fit_no_trace_are_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.trace"
    with path.open("wb") as file:
        write_container(file, header(linear_trace()), {name: np.zeros(5, np.float32)})
    with pytest.raises(FileError, match="describes no trace"):
        read(path)


def test_foreign_files_are_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "a.trace"
    for content, words in [
        (b"", "is empty"),
        (b"x", "is no trace"),
        (b"hello, this is a text of some length", "is no trace"),
        (pickle.dumps({"a": [1, 2, 3]}), "looks like a pickle"),
        (b"PK\x03\x04" + bytes(60), "looks like a pickle"),
        (struct.pack("<Q", 10**10) + b"{" + bytes(1000), "claims 10000000000 bytes of 1009"),
        (struct.pack("<Q", 2) + b"{}", "is a safetensors file, but no trace"),
        (struct.pack("<Q", 2) + b"{]", "its table is no JSON object"),
        (struct.pack("<Q", 50000) + b"{" + b"[" * 50000, "its table is no JSON object"),
    ]:
        path.write_bytes(content)
        with pytest.raises(FileError, match=words):
            read(path)
    save_file({"a": np.zeros(3)}, path, metadata={"format": "pt"})
    with pytest.raises(FileError, match="is a safetensors file, but no trace"):
        read(path)


def test_a_newer_file_says_so(tmp_path: Path) -> None:
    path = linear_trace(keep=["attention"]).save(tmp_path / "a.trace")
    raw = path.read_bytes().replace(b'"version": "2"', b'"version": "9"')
    path.write_bytes(raw)
    with pytest.raises(FileError, match=r"newer Cutaway \(format 9.*pip install -U"):
        read(path)


def test_absent_files_and_folders_are_said(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="is not there"):
        read(tmp_path / "absent.trace")
    with pytest.raises(FileError, match="is a folder"):
        read(tmp_path)
    with pytest.raises(FileError, match="can't be read"):
        read(Path("a\0b"))


def test_every_shape_and_type_comes_back(tmp_path: Path) -> None:
    arrays = {
        "scalar": np.array(1.5), "none": np.empty((0, 3), np.float32),
        "odd": np.arange(3, dtype=np.float16), "big": np.arange(4, dtype=">i8").astype(np.int64),
        "strided": np.arange(12, dtype=np.float32).reshape(3, 4)[:, ::2],
    }  # fmt: skip
    with (tmp_path / "a").open("wb") as file:
        write_container(file, {"x": "\ud83d"}, arrays)
    container = read_container(tmp_path / "a")
    assert container.header == {"x": "\ud83d"}
    for name, array in arrays.items():
        np.testing.assert_array_equal(container.array(name), array)
        assert container.array(name).dtype == array.dtype

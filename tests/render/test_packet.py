"""A packet holds one picture; a saved report holds its sections as packets, opened one by one."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest

from cutaway.render.packet import packet
from cutaway.render.page import page
from cutaway.view.kinds import spec_of
from cutaway.view.spec import CHUNK, Spec
from tests.render.test_page import Reader, hostile, inflated
from tests.view.made import logit_lens, predictions


def read(data: bytes) -> tuple[dict, bytes]:
    """The envelope and the data of a packet, as a page takes them apart."""
    (length,) = struct.unpack_from("<I", data)
    start = -(-(4 + length) // 8) * 8
    assert not any(data[4 + length : start])
    return json.loads(data[4 : 4 + length]), data[start:]


@pytest.mark.parametrize("spec", [spec_of(logit_lens()), spec_of(predictions()), hostile()])
def test_a_packet_is_the_envelope_and_the_data(spec: Spec) -> None:
    envelope, data = read(packet(spec))
    assert envelope == json.loads(json.dumps(spec.to_json()))
    assert data == spec.data()
    assert packet(spec) == packet(spec)


def test_every_length_of_envelope_leaves_the_arrays_aligned() -> None:
    few = spec_of(predictions())
    for extra in range(9):
        spec = Spec(few.kind, {**few.header, "more": "x" * extra}, few.arrays)
        whole = packet(spec)
        envelope, data = read(whole)
        assert (len(whole) - len(data)) % 8 == 0
        row = envelope["arrays"][0]
        found = np.frombuffer(data, row["dtype"], int(np.prod(row["shape"])), row["offset"])
        np.testing.assert_array_equal(found, few.arrays[row["name"]].ravel())


def test_chunks_are_not_in_a_packet() -> None:
    few = spec_of(predictions())
    large = Spec(few.kind, few.header, {"big": np.zeros((3, CHUNK), np.uint8)}, later=("big",))
    assert len(packet(large)) < 5000


@pytest.fixture(scope="module")
def report() -> Spec:
    """A picture with two sections, one of them with an array for later."""
    few = spec_of(predictions())
    rng = np.random.default_rng(0)
    arrays = {**few.arrays, "weights": rng.integers(0, 99, (5, CHUNK // 2), np.uint8)}
    large = Spec(few.kind, few.header, arrays, later=("weights",))
    return Spec("report", few.header | {"sections": []}, sections={"lens": hostile(), "big": large})


def test_a_page_holds_its_sections_behind_the_front_end_and_their_chunks_last(report: Spec) -> None:
    html = page(report)
    scripts = Reader(html).scripts
    chunks = [f"cutaway-big.weights-{i}" for i in range(3)]
    assert list(scripts) == [
        "cutaway-spec", "cutaway-data", "code", "cutaway-section-lens", "cutaway-section-big",
        *chunks,
    ]  # fmt: skip
    for name, section in report.sections.items():
        assert inflated(scripts[f"cutaway-section-{name}"]) == packet(section)
    whole = b"".join(inflated(scripts[name]) for name in chunks)
    assert whole == report.sections["big"].arrays["weights"].tobytes()
    assert html.isascii()
    assert page(report) == html


def test_a_section_is_a_name_and_a_picture_without_sections(report: Spec) -> None:
    few = spec_of(predictions())
    with pytest.raises(TypeError, match="is no section"):
        Spec("report", {}, sections={'x"><script>': few})
    with pytest.raises(TypeError, match="is no section"):
        Spec("report", {}, sections={"inner": report})

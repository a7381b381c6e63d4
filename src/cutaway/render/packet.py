"""A Spec as one row of bytes: how a section of a report, and an answer of the server, travels."""

from __future__ import annotations

import json
import struct

from ..view.spec import Spec

__all__ = ["packet"]


def packet(spec: Spec) -> bytes:
    """The length of the envelope in 4 bytes (little-endian), the envelope, the data.

    The envelope is JSON; zeros after it fill up to a multiple of 8, so that every array lies
    aligned. Arrays for later are not in it: their chunks travel by themselves (Spec.chunk). Its
    twin in the browser is web/src/spec/packet.ts.
    """
    envelope = json.dumps(spec.to_json(), allow_nan=False, separators=(",", ":")).encode()
    head = struct.pack("<I", len(envelope)) + envelope
    return head.ljust(-(-len(head) // 8) * 8, b"\0") + spec.data()

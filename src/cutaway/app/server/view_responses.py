"""Views over HTTP: as a packet, as a page, and what they are asked while they are looked at."""

from __future__ import annotations

from typing import Any

import numpy as np
from fastapi import Response
from numpy.typing import NDArray

from ...core.errors import CutawayError, InvalidError, UnknownError
from ...render.packet import packet
from ...render.page import page
from ...view.spec import DTYPES, little_endian
from ..view import View
from .errors import LOG
from .runs import attachment

__all__ = ["BINARY", "PAGE", "answer_response", "packet_response", "page_response"]

#: What the schema says of answers that are bytes.
BINARY: dict[str, Any] = {"content": {"application/octet-stream": {}}, "description": "bytes"}
PAGE: dict[str, Any] = {"content": {"text/html": {}}, "description": "a page"}


def packet_response(view: View) -> Response:
    """The picture as a page draws it that can ask."""
    return Response(packet(view._live_spec), media_type="application/octet-stream")


def page_response(view: View, name: str) -> Response:
    """The picture as a page that opens offline."""
    return Response(page(view.spec), media_type="text/html", headers=attachment(f"{name}.html"))


def answer_response(view: View, question: dict[str, Any]) -> Response:
    """The array that answers a question, its type and shape in headers."""
    given = _answer(view, question)
    if given.dtype.name not in DTYPES:
        raise TypeError(f"the answer is {given.dtype}, not one of {', '.join(DTYPES)}")
    shape = ",".join(map(str, given.shape))
    return Response(
        little_endian(given), media_type="application/octet-stream",
        headers={"x-dtype": given.dtype.name, "x-shape": shape},
    )  # fmt: skip


def _answer(view: View, question: dict[str, Any]) -> NDArray[Any]:
    """What a view says; a question that it can't read is the client's mistake."""
    try:
        if question.get("what") == "chunk" and "section" not in question:
            return _chunk(view, question["array"], question["index"])
        if view.answer is None:
            raise UnknownError("question", question.get("what"), allowed=["chunk"])
        return view.answer(question)
    except CutawayError:
        raise
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as problem:
        LOG.info("a question that could not be read: %r", question, exc_info=problem)
        raise InvalidError("question", question, allowed="one that the picture asks") from problem


def _chunk(view: View, name: str, index: int) -> NDArray[np.uint8]:
    if name not in view._live_spec.later:
        raise UnknownError("array", name, allowed=view._live_spec.later)
    return np.frombuffer(view._live_spec.chunk(name, index), dtype=np.uint8)

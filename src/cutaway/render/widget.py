"""A Spec as a notebook widget: the same front end as the page, fed by traits and by answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..core.errors import CutawayError, InvalidError, UnknownError
from ..view.spec import DTYPES, Spec, little_endian
from .bundle import LOADER, bundle_path

if TYPE_CHECKING:
    import anywidget

__all__ = ["MOST", "PART", "Answer", "widget"]

#: The most bytes of an answer: notebook servers cut connections that send much at once.
MOST = 5_000_000
#: The bytes of its arrays that a widget holds itself; the rest is asked for in parts of as many.
PART = 4_000_000
#: Answers a question of the page, such as {"what": "head", "layer": 9, "head": 2}.
Answer = Callable[[dict[str, Any]], NDArray[Any]]


def widget(spec: Spec, answer: Answer | None = None) -> anywidget.AnyWidget:
    """A widget that shows the Spec; one hidden widget holds the front end for all of them.

    answer  gives the array that the page asks for, at most MOST bytes of a type in DTYPES; a
            CutawayError that it raises is shown on the page in its words

    The chunks of arrays for later are asked for in the same way when they are looked at, and so
    is what arrays hold beyond PART bytes; those of a report's section are its answers.
    Raises MissingError where the front end was not built.
    """
    data = spec.data()
    made = _classes().picture(
        envelope=spec.to_json(), data=data[:PART], size=len(data), answers=answer is not None,
        front=_front(),
    )  # fmt: skip

    def hear(_: anywidget.AnyWidget, question: dict[str, Any], __: object) -> None:
        try:
            given = _answer(spec, answer, question)
        except (Exception, KeyboardInterrupt) as error:
            made.send({"id": question["id"], "problem": _words(error)})
            if not isinstance(error, CutawayError):
                raise
        else:
            told = {"id": question["id"], "dtype": given.dtype.name, "shape": list(given.shape)}
            made.send(told, [little_endian(given)])

    made.on_msg(hear)
    return made


def _answer(spec: Spec, answer: Answer | None, question: Mapping[str, Any]) -> NDArray[Any]:
    asked = {name: value for name, value in question.items() if name != "id"}
    if asked["what"] == "chunk" and "section" not in asked:
        return _chunk(spec, asked["array"], asked["index"])
    if asked["what"] == "data":
        start = PART * asked["part"]
        return np.frombuffer(spec.data()[start : start + PART], dtype=np.uint8)
    if answer is None:
        raise UnknownError("question", asked["what"], allowed=["chunk"])
    given = answer(asked)
    if given.dtype.name not in DTYPES:
        raise TypeError(f"the answer is {given.dtype}, not one of {', '.join(DTYPES)}")
    if given.nbytes > MOST:
        raise InvalidError(
            "size of the answer", given.nbytes, allowed=f"at most {MOST:,} bytes",
            fix="ask for fewer heads, or trace a shorter text",
        )  # fmt: skip
    return given


def _chunk(spec: Spec, name: str, index: int) -> NDArray[np.uint8]:
    if name not in spec.later:
        raise UnknownError("array", name, allowed=spec.later)
    return np.frombuffer(spec.chunk(name, index), dtype=np.uint8)


def _words(error: BaseException) -> str:
    if isinstance(error, CutawayError):
        return str(error)
    if isinstance(error, KeyboardInterrupt):
        return "The kernel was interrupted while it computed this. Ask again for it."
    return f"This is a fault of Cutaway, please report it: {type(error).__name__}: {error}"


#: The hidden widget that holds the front end, once there is one.
_HELD: list[anywidget.AnyWidget] = []


def _front() -> anywidget.AnyWidget:
    """The one hidden widget, made anew where the user has closed it."""
    if not _HELD or _HELD[0].comm is None:
        _HELD[:] = [_classes().front(code=bundle_path().read_text(encoding="utf-8"))]
    return _HELD[0]


class _Classes(NamedTuple):
    front: Callable[..., anywidget.AnyWidget]
    picture: Callable[..., anywidget.AnyWidget]


@cache
def _classes() -> _Classes:
    # Made on first use: anywidget takes half a second to import.
    import anywidget
    import traitlets

    class FrontWidget(anywidget.AnyWidget):
        """Holds the front end; it is never shown."""

        _esm = "export default {}"
        code = traitlets.Unicode().tag(sync=True)

    class SpecWidget(anywidget.AnyWidget):
        """The envelope of one Spec, the first part of its arrays, their size, and whether
        questions are answered."""

        _esm = LOADER
        envelope = traitlets.Dict().tag(sync=True)
        data = traitlets.Bytes().tag(sync=True)
        size = traitlets.Int().tag(sync=True)
        answers = traitlets.Bool().tag(sync=True)
        front = traitlets.Instance(anywidget.AnyWidget).tag(sync=True, to_json=_reference)

    return _Classes(FrontWidget, SpecWidget)


def _reference(held: anywidget.AnyWidget, _: object) -> str:
    """How one widget's state names another."""
    return f"IPY_MODEL_{held.model_id}"

"""The lenses by the names of the addresses, and how their arguments are read from a query."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...core.errors import InvalidError, MissingError, UnknownError
from ..options import read_listed, read_numbers

if TYPE_CHECKING:
    from starlette.datastructures import QueryParams

    from ...model.lm import LM
    from ...trace.trace import Trace
    from ..view import View

__all__ = ["LENSES", "Lens", "read_arguments", "written"]

_MOST_TOP = 1000
Values = list[str]
Reader = Callable[[str, Values], Any]


@dataclass(frozen=True)
class Lens:
    """A verb of a trace: its home in the package app, and what it may be asked with."""

    make: Callable[[Trace, LM | None, dict[str, Any]], View]
    arguments: Mapping[str, Reader]


def read_arguments(lens: str, query: QueryParams) -> dict[str, Any]:
    """The arguments of a query as the verb takes them.

    Raises UnknownError for a name that the verb has not, InvalidError for a value that is none.
    """
    known = LENSES[lens].arguments
    for name in query:
        if name not in known:
            raise UnknownError(f"argument of {lens}", name, allowed=known)
    return {name: known[name](name, query.getlist(name)) for name in query}


def _word(name: str, values: Values) -> str:
    if len(values) > 1:
        raise InvalidError(name, values, allowed="one value")
    return values[0]


def _whole(name: str, values: Values) -> int:
    return int(_parsed(name, values, int, "a whole number"))


def _top(name: str, values: Values) -> int:
    """How many top tokens: for every cell of a long text, so that it fits into memory."""
    count = _whole(name, values)
    if count > _MOST_TOP:
        raise InvalidError(name, count, allowed=f"up to {_MOST_TOP} over the network")
    return count


def _columns(name: str, values: Values) -> int:
    count = _whole(name, values)
    if count < 1:
        raise InvalidError(name, count, allowed="at least 1")
    return count


def _yes(name: str, values: Values) -> bool:
    return bool(_parsed(name, values, {"true": True, "false": False}.__getitem__, "true or false"))


def _layer(name: str, values: Values) -> int | str:
    return "in" if values == ["in"] else _whole(name, values)


def _words(_: str, values: Values) -> Values:
    return values


def _numbers(name: str, values: Values) -> list[int] | None:
    return read_listed(name, ",".join(values))


def _places(name: str, values: Values) -> list[int] | slice | None:
    return read_numbers(name, ",".join(values))


def _token(_: str, values: Values) -> str | Values:
    return values[0] if len(values) == 1 else values


def _parsed(name: str, values: Values, parse: Callable[[str], Any], allowed: str) -> Any:
    try:
        return parse(_word(name, values))
    except (KeyError, ValueError) as problem:
        if isinstance(problem, InvalidError):
            raise
        raise InvalidError(name, values[0], allowed=allowed) from None


def _verb(home: str, name: str) -> Callable[[Trace, LM | None, dict[str, Any]], View]:
    """The verb `name` of the module `home`; imported when it is asked, for lenses are heavy."""

    def make(trace: Trace, _: LM | None, given: dict[str, Any]) -> View:
        from importlib import import_module

        found: View = getattr(import_module(f"..{home}", __package__), name)(trace, **given)
        return found

    return make


def _watch(trace: Trace, _: LM | None, given: dict[str, Any]) -> View:
    from ..watch import watch

    if "tokens" not in given:
        raise MissingError(
            "tokens", because="a race has runners", fix="give tokens=+is&tokens=+are"
        )
    return watch(trace, **given)


def _logit_lens(trace: Trace, _: LM | None, given: dict[str, Any]) -> View:
    """The lens; with `look`, only what is seen first of it: so many columns, `at` among them."""
    from ...lens.partial_positions import positions_in_view, spread_over_text
    from ..api import logit_lens
    from ..view import View

    columns, at = given.pop("look", None), given.pop("at", None)
    if columns is None or trace.card.is_masked:
        return logit_lens(trace, **given)
    if given.get("positions") is not None:
        raise InvalidError("look", columns, allowed="a lens of all positions")
    some = positions_in_view(trace.n_positions, columns, at)
    found = logit_lens(trace, **{**given, "positions": some})
    if len(some) == trace.n_positions:
        return found
    return View(spread_over_text(found.data, trace))


def _deletion(trace: Trace, _: LM | None, given: dict[str, Any]) -> View:
    from ..saliency import saliency

    checked = {name: given.pop(name) for name in ("seed", "replacement") if name in given}
    target = given.pop("target", None)
    return saliency(trace, targets=target, **given).check(target, **checked)


def _attention(trace: Trace, _: LM | None, given: dict[str, Any]) -> View:
    from ..attention import attention
    from .patterns import check_pattern

    tokens = given.get("tokens")
    if isinstance(tokens, str) and tokens.startswith("re:"):
        source = () if trace.encoder is None else trace.encoder.tokens.texts
        check_pattern(tokens.removeprefix("re:"), {*trace.tokens.texts, *source})
    return attention(trace, **given)


def _neuron(trace: Trace, _: LM | None, given: dict[str, Any]) -> View:
    from ..attention import attention

    return attention(trace, kind=given.pop("kind", "self")).neuron(**given)


def _anatomy(_: Trace, lm: LM | None, __: dict[str, Any]) -> View:
    from ..api import anatomy

    if lm is None:
        raise MissingError("the model", because="its parts are looked at", fix="add it first")
    return anatomy(lm)


_FIRING = {
    "layers": _numbers, "exclude": _numbers, "n": _whole, "seed": _whole, "stream": _word,
}  # fmt: skip
_ATTENTION = {
    "layers": _numbers, "heads": _numbers, "kind": _word, "weighting": _word, "aggregate": _word,
    "tokens": _token, "split": _whole, "opens": _word, "carry": _word,
}  # fmt: skip
_SALIENCY = {
    "method": _word, "targets": _places, "contrast": _word, "quantity": _word, "at_layer": _layer,
    "baseline": _word, "keep_first": _yes, "steps": _whole, "spacing": _word, "how": _word,
    "replacement": _word, "samples": _whole, "seed": _whole, "label": _word,
}  # fmt: skip

#: Lens -> what makes its view. The names are those of docs/python.md; a new verb is one row.
LENSES: Mapping[str, Lens] = {
    "report": Lens(_verb("report", "report"), {"lenses": _words}),
    "logit_lens": Lens(
        _logit_lens,
        {
            "k": _top, "rank_of": _word, "against": _word, "distances": _words, "inside": _yes,
            "positions": _places, "every": _whole, "look": _columns, "at": _whole,
            "checked": _yes,
        },
    ),
    "predictions": Lens(
        _verb("api", "predictions"),
        {"at": _whole, "target": _whole, "layer": _layer, "k": _top, "checked": _yes},
    ),
    "watch": Lens(
        _watch, {"tokens": _words, "at": _whole, "target": _whole, "checked": _yes}
    ),
    "saliency": Lens(_verb("saliency", "saliency"), _SALIENCY),
    "deletion": Lens(
        _deletion,
        {"target": _whole, "method": _word, "seed": _whole, "replacement": _word},
    ),
    "classes": Lens(_verb("classes", "classes"), {"k": _top}),
    "attention": Lens(_attention, _ATTENTION),
    "attention_neuron": Lens(
        _neuron, {"layer": _whole, "head": _whole, "at": _whole, "kind": _word}
    ),
    "neurons": Lens(
        _verb("neurons", "neurons"), {"layers": _numbers, "neurons": _numbers, "stream": _word}
    ),
    "clusters": Lens(_verb("neurons", "clusters"), {**_FIRING, "by": _word}),
    "factors": Lens(_verb("neurons", "factors"), {**_FIRING, "parts": _token}),
    "experts": Lens(_verb("routing", "experts"), {"layers": _numbers, "stream": _word}),
    "walk": Lens(_verb("walk", "walk"), {"at": _whole, "layer": _whole}),
    "anatomy": Lens(_anatomy, {}),
}  # fmt: skip


def written(lens: str, given: Mapping[str, Any]) -> tuple[str, str]:
    """A lens and its arguments as one key."""
    return lens, json.dumps(given, sort_keys=True, default=str)

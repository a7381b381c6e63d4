"""The verbs of the race: chosen tokens through the layers, after one text or after several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..trace.trace import Trace
    from .view import View

__all__ = ["pairs", "watch"]


def watch(
    trace: Trace,
    tokens: Sequence[str | int],
    *,
    at: int | None = None,
    target: int | None = None,
    checked: bool = False,
) -> View:
    """The race: rank and probability of chosen tokens after every layer, at one position.

    >>> import cutaway as ct
    >>> trace = ct.load().trace("The keys to the cabinet")  # doctest: +SKIP
    >>> view = ct.watch(trace, [" is", " are"])  # doctest: +SKIP
    >>> view.data["rank"].sel(layer=29).values  # doctest: +SKIP
    array([28,  1])

    tokens   texts of one token each (mind the leading space), or token ids
    at       the position that is read, by default the last one; negative from the end
    target   instead of at: the token that came of it, 1..T (at = target - 1)
    checked  of a model in half precision: the ranks are checked in float32, and layers counted
             where another of the tokens is ahead

    Its data hold rank (1 is the top token) and probability, both (layer, token), with checked also
    float32_rank (layer, token) and changed (layer); layer -1 is the state that enters block 0.
    Raises InvalidError naming the pieces of a text of several tokens. Source: the
    rankings_watch figures of Alammar 2021, https://jalammar.github.io/hidden-states/
    """
    from ..lens.watch import watch as ask
    from .view import View

    return View(ask(trace, tokens, at=at, target=target, checked=checked))


def pairs(traces: Sequence[Trace], tokens: Sequence[str | int], *, at: int = -1) -> View:
    """The same tokens after other words: a probe for agreement or bias, a panel per text.

    >>> import cutaway as ct
    >>> lm = ct.load()  # doctest: +SKIP
    >>> texts = ["The key to the cabinets", "The keys to the cabinet"]
    >>> ct.pairs(lm.trace(texts), [" is", " are"]).data["rank"].dims  # doctest: +SKIP
    ('run', 'layer', 'token')

    traces  of one model; lm.trace([...]) answers a list
    tokens  texts of one token each, or token ids
    at      the position read in each, by default the last one

    Its data hold rank (1 is the top token) and probability (run, layer, token). Raises InvalidError
    for traces of different models, and naming the pieces of a text of several tokens. Source:
    Alammar 2021, https://jalammar.github.io/hidden-states/
    """
    from ..lens.pairs import pairs as ask
    from .view import View

    return View(ask(traces, tokens, at=at))

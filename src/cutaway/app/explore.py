"""The verb that explores next tokens, and its view, whose tree grows while one looks around."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..core.axes import read_whole
from ..core.errors import InvalidError, MissingError, UnknownError
from .view import View

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr
    from numpy.typing import NDArray

    from ..model.lm import LM
    from ..trace.explored import Explored
    from ..trace.trace import Trace
    from ..view.spec import Spec

__all__ = ["Explorer", "explore"]

_QUESTIONS = ("expand", "go", "sample", "ramble")
_DRAWING = ("temperature", "top_k", "top_p", "seed")


class Explorer(View):
    """The next tokens of a text, and the tree of what was picked; picking changes this view."""

    def __init__(self, lm: LM, text: Any, target: Any, options: dict[str, Any]) -> None:
        from .explore_tree import new_tree

        self._lm, self._options = lm, options
        self._prompt, self._source = lm.beginning(text, target)
        source = self._source
        row = None if source is None else lm.row(source.ids, len(source.ids), source.roles)
        self._tree = new_tree(lm, self._prompt.ids, options, row)

    @property
    def data(self) -> xr.Dataset:
        """The candidates of the node that is looked at, and the tree."""
        from ..lens.explore import explore as ask

        return ask(self._tree, self._lm.card, self._options, self._given(), self._notes())

    _file_data = data

    @property
    def spec(self) -> Spec:
        """The picture of the tree explored so far."""
        from ..view.explore import explore_spec

        return explore_spec(self.data)

    @property
    def tree(self) -> list[dict[str, Any]]:
        """Every text so far, as nested lists of plain values.

        >>> view.tree[0]["children"][0]["text"]  # doctest: +SKIP
        'The capital of France is Paris'
        """
        return self._tree.to_json()

    @property
    def samples(self) -> list[dict[str, Any]]:
        """What was last drawn from this node, best first: text, token_ids and mean, in nats."""
        here = [drawn for drawn in self._tree.drawn if drawn.node == self._tree.at]
        if not here:
            raise MissingError("samples", because="none were drawn here", fix="view.sample(20)")
        return [
            {"text": text, "token_ids": way.token_ids, "mean": way.mean}
            for way, text in zip(here[-1].continuations, here[-1].texts, strict=True)
        ]

    def pick(self, what: str | int | None = None, *, token_id: int | None = None) -> Explorer:
        """Append a token, by its text, its rank from 1, or its id; another pick is a branch.

        >>> view.pick(" Paris").pick(1)  # doctest: +SKIP
        >>> view.back().back().pick("·the")  # doctest: +SKIP
        """
        from .explore_tree import candidate_id, pick_token

        if (what is None) == (token_id is None):
            raise InvalidError("pick", what, allowed="a text or a rank, or else token_id=")
        if token_id is None:
            chosen = candidate_id(self._lm, self._tree.node, what)
        else:
            chosen = read_whole("token_id", token_id, 0)
        return self._changed(pick_token(self._lm, self._tree, chosen, self._options))

    def back(self) -> Explorer:
        """Go to the text without its last pick; what was explored stays in the tree."""
        parent = self._tree.node.parent
        if parent is None:
            raise InvalidError("step back", self._tree.node.text, allowed="after a pick")
        return self.go(parent)

    def go(self, node: int) -> Explorer:
        """Go to a node of the tree, by its number."""
        return self._changed(self._tree.go(node))

    def sample(
        self,
        n: int = 20,
        *,
        max_new_tokens: int = 12,
        seed: int = 0,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
    ) -> Explorer:
        """Draw n continuations of this node, ranked by mean log-probability: `.samples`.

        >>> view.sample(3, top_k=5).samples[0]["text"]  # doctest: +SKIP

        The log-probabilities are the model's own, at temperature 1, whatever they are drawn with.
        """
        from .explore_tree import sample_continuations

        how = {
            "max_new_tokens": max_new_tokens, "seed": seed, "temperature": temperature,
            "top_k": top_k, "top_p": top_p,
        }  # fmt: skip
        return self._changed(sample_continuations(self._lm, self._tree, n, how))

    def ramble(self, n: int = 20, *, max_new_tokens: int = 20, seed: int = 0) -> Explorer:
        """Draw n texts from nothing but the start token, which begins a tree of its own.

        Raises MissingError for a model without a start token.
        """
        from .explore_tree import add_root

        start = (self._lm.start_id(),)
        self._tree = add_root(self._lm, self._tree, start, self._options)
        return self.sample(n, max_new_tokens=max_new_tokens, seed=seed)

    def trace(self, node: int | None = None, keep: str | Sequence[str] | None = None) -> Trace:
        """A node's text as a trace for every other lens; what was picked counts as output."""
        from dataclasses import replace

        tree = self._tree if node is None else self._tree.go(node)
        found = self._read(tree.node.token_ids, keep)
        begin = tree.root(tree.at)
        mine = begin.number == 0
        roles = list(self._prompt.roles) if mine else [""]
        spoken = "assistant" if any(roles) else ""
        roles += [spoken] * (len(found.tokens) - len(roles))
        return replace(
            found,
            tokens=self._lm.row(found.token_ids, len(begin.token_ids), roles),
            options={
                **self._given(None if mine else begin.token_ids),
                "picked": [each.labels[-1] for each in tree.path(tree.at)][1:],
            },
            notes=(*found.notes, *(self._notes() if mine else ())),
        )

    def answer(self, question: Mapping[str, Any]) -> NDArray[np.uint8]:
        """What the notebook's picture asks for: {"what": "expand", "node": 0, "token": 7042}.

        Also "go" (node), "sample" (node, n, temperature, top_k, top_p, seed) and "ramble" (n,
        seed). Returns the node, and what was drawn from it, as JSON in bytes.
        """
        from ..view.explore import explore_answer

        what = question.get("what")
        if what not in _QUESTIONS:
            raise UnknownError("question", what, allowed=_QUESTIONS)
        if what == "ramble":
            self.ramble(question["n"], seed=question["seed"])
        else:
            self.go(question["node"])
        if what == "expand":
            self.pick(token_id=question["token"])
        elif what == "sample":
            self.sample(question["n"], **{name: question[name] for name in _DRAWING})
        return explore_answer(self.data, self._tree.at, drawn=what in ("sample", "ramble"))

    def _given(self, begun: Sequence[int] | None = None) -> dict[str, Any]:
        """What was given: the text, or the source and what the target begins with.

        begun  the ids of a tree that begins with others
        """
        text = self._prompt.given if begun is None else list(begun)
        if self._source is None:
            return {"prompt": text}
        return {"prompt": self._source.given, "target": text}

    def _notes(self) -> tuple[str, ...]:
        read = () if self._source is None else self._source.notes
        return (*read, *self._prompt.notes)

    def _read(self, ids: Sequence[int], keep: str | Sequence[str] | None) -> Trace:
        """The trace of a text of the tree, under the source where there is one."""
        lm: Any = self._lm  # of which only an encoder-decoder takes a target
        if self._source is None:
            found: Trace = lm.trace(list(ids), keep=keep)
        else:
            found = lm.trace(list(self._source.ids), target=list(ids), keep=keep)
        return found

    def _changed(self, tree: Explored) -> Explorer:
        """This view with the tree grown: it is drawn anew when it is next displayed."""
        self._tree = tree
        for name in ("_widget", "_still"):
            self.__dict__.pop(name, None)
        return self


def explore(
    lm: LM,
    text: str | Sequence[int] | Sequence[Mapping[str, Any]],
    *,
    target: str | Sequence[int] | None = None,
    k: int = 10,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
) -> Explorer:
    """What could come next: the k likeliest tokens; pick one, and go on.

    >>> import cutaway as ct
    >>> view = ct.explore(ct.load(), "The capital of France is")  # doctest: +SKIP
    >>> view.pick(" Paris").data["token"].values[0]  # doctest: +SKIP
    '.'

    lm           from load or wrap
    text         a text, token ids or a chat; of an encoder-decoder its source
    target       of an encoder-decoder: what its answer begins with, as in `lm.generate`
    k            how many candidates are shown
    temperature  above 0; with top_k and top_p how a token would be drawn: the page's sliders
                 begin there
    top_k        draw only from the k likeliest
    top_p        draw only from the fewest that reach this much probability

    Its data hold token_id, token, probability, logit, drawn (k): drawn is the probability after
    temperature, top-k and top-p. `.pick`, `.back` and `.go` move through a tree that is kept,
    `.tree`; `.sample` and `.ramble` draw continuations, `.samples`; `.trace()` gives the text to
    every other lens. Raises InvalidError for an empty text, and for k, temperature, top_k or top_p
    out of range, MissingError for a model that does not say the next token.
    Source: AllenAI's GPT-2 Explorer; https://jalammar.github.io/illustrated-gpt2/
    """
    from ..model.generate import read_options

    options = read_options(
        max_new_tokens=1, temperature=temperature, top_k=top_k, top_p=top_p, num_beams=1, seed=0
    )
    if not options.temperature:
        raise InvalidError("temperature", temperature, allowed="above 0")
    given = {
        "k": read_whole("k", k, 1, lm.card.vocab_size), "temperature": options.temperature,
        "top_k": options.top_k, "top_p": options.top_p,
    }  # fmt: skip
    return Explorer(lm, text, target, given)

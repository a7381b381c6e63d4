"""Every public place that takes a text, and every public argument, with odd things to give them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import cutaway as ct
from cutaway.core.errors import CutawayError
from cutaway.trace.trace import Trace
from tests.models import tiny, tiny_tokenizer

__all__ = ["ARGUMENTS", "LONG", "ODD", "TEXTS", "World", "answered", "arguments", "shown"]

PROMPT = "The keys to the cabinet are"
#: Texts that break programs, each of a kind of its own.
LONG = {
    "a hundred thousand letters": "x" * 100_000,
    "as many right-to-left": "א" * 100_000,
    "a hill of marks": "e" + "\u0301" * 3_000,
    "families": "\U0001f469\u200d\U0001f469\u200d\U0001f467" * 300,
    "a lone surrogate": "a\ud800b",
    "the other half": "\udfff",
    "controls": "".join(map(chr, range(32))) + "\x7f\x9b2J",
    "direction marks": "\u202e\u2066abc\u2069\u200f",
    "line ends": "\u2028\u2029\r\n\x85",
    "nothing": "",
    "a blank": " \u00a0\u3000",
    "markup": "</script><script>alert(1)</script><!--",
    "a bracket": "[",
    "a brace": "{",
    "a path": "../../../../etc/passwd",
    "digits": "9" * 5_000,
}


@dataclass(frozen=True)
class World:
    """What is asked: tiny models, their traces, a store, and a folder for files."""

    lm: Any
    both: Any
    trace: Trace
    crossed: Trace
    store: Any
    folder: Path

    @classmethod
    def made(cls, folder: Path) -> World:
        """One that holds a run."""
        lm = ct.wrap(*tiny("llama"))
        lm.tokenizer.chat_template = "{% for m in messages %}{{ m['content'] }}{% endfor %}"
        both = ct.wrap(*tiny("seq2seq bart", decoder_start_token_id=2))
        trace, store = lm.trace(PROMPT), ct.runs(folder / "runs")
        store.add(lm.trace(PROMPT, keep="lens"), "kept")
        return cls(lm, both, trace, both.trace(PROMPT, target="1, 1"), store, folder)


def answered(ask: Callable[[], Any]) -> Any:
    """The answer; None where it is refused by one of our errors, in a line that can be printed."""
    try:
        return ask()
    except CutawayError as problem:
        words = str(problem)
        assert 0 < len(words) < 3_000
        assert "\n" not in words
        words.encode()  # a lone surrogate in it could not be printed
        return None


def shown(found: Any, folder: Path) -> None:
    """An answer can be looked at and kept: page, numbers, text; nothing in it acts."""
    if isinstance(found, Trace):
        assert ct.open(found.save(folder / "a.trace")).tokens == found.tokens
        return
    if not isinstance(found, ct.View):
        return
    for suffix in (".html", ".json", ".csv"):
        path = answered(lambda suffix=suffix: found.save(folder / f"a{suffix}"))  # type: ignore[misc]
        if suffix == ".html" and path is not None:
            assert b"<script>alert" not in path.read_bytes()
    assert "\x1b" not in repr(found)


#: Where a text may be given -> what is asked with it.
TEXTS: dict[str, Callable[[World, str], Any]] = {
    "trace": lambda w, t: w.lm.trace(t),
    "batch": lambda w, t: w.lm.trace([t, PROMPT]),
    "text_b": lambda w, t: w.lm.trace(PROMPT, t),
    "pairs": lambda w, t: w.lm.trace([(t, PROMPT), (PROMPT, t)]),
    "chat": lambda w, t: w.lm.trace([{"role": "user", "content": t}]),
    "role": lambda w, t: w.lm.trace([{"role": t, "content": PROMPT}]),
    "keep": lambda w, t: w.lm.trace(PROMPT, keep=t),
    "cost": lambda w, t: w.lm.cost(t),
    "source": lambda w, t: w.both.trace(t, target="1, 1"),
    "target": lambda w, t: w.both.trace(PROMPT, target=t),
    "generate": lambda w, t: w.lm.generate(t, max_new_tokens=2),
    "continuation": lambda w, t: w.lm.generate(PROMPT, continuation=t),
    "decoder": lambda w, t: w.both.generate(PROMPT, target=t, max_new_tokens=2),
    "embed": lambda w, t: ct.embed(w.lm, [t, PROMPT]),
    "nearest": lambda w, t: ct.embed(w.lm, [PROMPT, "1, 1"]).nearest(t, k=1),
    "word": lambda w, t: ct.embed(w.lm).nearest(t, k=1),
    "analogy": lambda w, t: ct.embed(w.lm, [PROMPT, "1, 1"]).analogy(t, t, PROMPT, k=1),
    "project": lambda w, t: ct.embed(w.lm, [PROMPT, "1, 1"]).project(t, PROMPT),
    "pooling": lambda w, t: ct.embed(w.lm, [PROMPT], pooling=t),
    "rank_of": lambda w, t: ct.logit_lens(w.trace, rank_of=t),
    "against": lambda w, t: ct.logit_lens(w.trace, against=t),  # type: ignore[arg-type]
    "distances": lambda w, t: ct.logit_lens(w.trace, distances=t),
    "layer": lambda w, t: ct.predictions(w.trace, layer=t),
    "watch": lambda w, t: ct.watch(w.trace, [t]),
    "race": lambda w, t: ct.pairs([w.trace, w.trace], [t]),
    "method": lambda w, t: ct.saliency(w.trace, method=t),
    "contrast": lambda w, t: ct.saliency(w.trace, targets=4, contrast=t),
    "quantity": lambda w, t: ct.saliency(w.trace, quantity=t),
    "label": lambda w, t: ct.saliency(w.trace, label=t),
    "replacement": lambda w, t: ct.saliency(w.trace, targets=4).check(replacement=t),
    "baseline": lambda w, t: ct.saliency(
        w.trace, method="integrated_gradients", targets=4, steps=6, baseline=t
    ),
    "parts": lambda w, t: ct.factors(w.trace, n=2, parts=t),
    "by": lambda w, t: ct.clusters(w.trace, n=2, by=t),
    "stream": lambda w, t: ct.neurons(w.trace, stream=t),  # type: ignore[arg-type]
    "kind": lambda w, t: ct.attention(w.trace, kind=t),
    "set of tokens": lambda w, t: ct.attention(w.trace, tokens=t),
    "listed tokens": lambda w, t: ct.attention(w.trace, tokens=[t]),
    "pattern": lambda w, t: ct.attention(w.trace, tokens=f"re:{t}"),
    "lens": lambda w, t: ct.compare(w.trace, w.trace, lens=t),
    "names": lambda w, t: ct.compare(w.trace, w.trace, names=(t, "b")),
    "section": lambda w, t: ct.report(w.trace, [t]),
    "explore": lambda w, t: ct.explore(w.lm, t),
    "explored source": lambda w, t: ct.explore(w.both, t, target="1"),
    "explored target": lambda w, t: ct.explore(w.both, PROMPT, target=t),
    "pick": lambda w, t: ct.explore(w.lm, PROMPT).pick(t),
    "load": lambda w, t: ct.load(t),
    "revision": lambda w, t: ct.load("no/such", revision=t),
    "dtype": lambda w, t: ct.load("no/such", dtype=t),
    "device": lambda w, t: ct.load("no/such", device=t),
    "open": lambda w, t: ct.open(t),
    "save": lambda w, t: w.trace.save(w.folder / f"{t.replace('/', '_')}.trace"),
    "saved view": lambda w, t: ct.predictions(w.trace).save(w.folder / f"a.{t}"),
    "store": lambda w, t: ct.runs(w.folder / "stores" / (t.replace("/", "_") or "none")),
    "name": lambda w, t: w.store.add(w.trace, name=t),
    "tag": lambda w, t: w.store.add(w.trace, tags=[t]),
    "search": lambda w, t: w.store.list(search=t),
    "tagged": lambda w, t: w.store.list(tag=t),
    "run": lambda w, t: w.store.get(t),
    "log": lambda w, t: ct.predictions(w.trace).log(object(), name=t),
}


class _Broken:
    """Something that can't even be printed."""

    def __repr__(self) -> str:
        raise RuntimeError("no repr")


#: What may be given by mistake, of every sort.
ODD: dict[str, Any] = {
    "nothing": None, "yes": True, "no": False, "minus one": -1, "zero": 0, "one": 1, "much": 10**6,
    "huge": 10**5_000, "as negative": -(10**400), "a half": 0.5, "not a number": float("nan"),
    "endless": float("inf"), "an empty text": "", "a text": "x", "half a letter": "\ud800",
    "digits": "9" * 5_000, "bytes": b"ab", "none of them": [], "a list of nothing": [None],
    "nested": [[1]], "twice": (0, 0), "far": [10**30], "steps of 0": slice(None, None, 0),
    "a slice of texts": slice("a", "b"), "backwards": slice(None, None, -1), "a range": range(3),
    "a lone number": np.array(3), "an array": np.array([0, 1]), "halves": np.array([0.5]),
    "no array": np.array([]), "a mapping": {"a": 1}, "a set": {0, 1}, "an object": object(),
    "a function": len, "broken": _Broken(), "a type": int,
}  # fmt: skip

_Verb = Callable[..., Any]


def _integrated(trace: Trace, **options: Any) -> Any:
    given = {"steps": 6, "targets": 4, "method": "integrated_gradients", **options}
    return ct.saliency(trace, **given)


def _occluded(trace: Trace, **options: Any) -> Any:
    return ct.saliency(trace, **{"targets": 4, "method": "occlusion", **options})


#: Verb -> how it is called with one argument more, and whose arguments those are.
ARGUMENTS: dict[str, tuple[Callable[[World], _Verb], Any]] = {
    "trace": (lambda w: lambda **o: w.lm.trace(PROMPT, **o), ct.LM.trace),
    "generate": (
        lambda w: lambda **o: w.lm.generate(PROMPT, **{"max_new_tokens": 2, **o}), ct.LM.generate
    ),
    "drawn": (
        lambda w: lambda **o: w.lm.generate(
            PROMPT, **{"max_new_tokens": 2, "temperature": 1.0, **o}
        ),
        ct.LM.generate,
    ),
    "lm.embed": (lambda w: lambda **o: w.lm.embed(**{"texts": [PROMPT], **o}), ct.LM.embed),
    "predictions": (lambda w: lambda **o: ct.predictions(w.trace, **o), ct.predictions),
    "logit_lens": (lambda w: lambda **o: ct.logit_lens(w.trace, **o), ct.logit_lens),
    "watch": (lambda w: lambda **o: ct.watch(w.trace, **{"tokens": [5], **o}), ct.watch),
    "pairs": (lambda w: lambda **o: ct.pairs([w.trace], **{"tokens": [5], **o}), ct.pairs),
    "saliency": (lambda w: lambda **o: ct.saliency(w.trace, **o), ct.saliency),
    "integrated": (
        lambda w: lambda **o: _integrated(w.trace, **o),
        ("steps", "spacing", "baseline", "keep_first", "no such option"),
    ),
    "occlusion": (lambda w: lambda **o: _occluded(w.trace, **o), ("how", "replacement")),
    "check": (
        lambda w: lambda **o: ct.saliency(w.trace, targets=4).check(**o),
        ("target", "seed", "replacement"),
    ),
    "neurons": (lambda w: lambda **o: ct.neurons(w.trace, **o), ct.neurons),
    "clusters": (lambda w: lambda **o: ct.clusters(w.trace, **{"n": 2, **o}), ct.clusters),
    "factors": (lambda w: lambda **o: ct.factors(w.trace, **{"n": 2, **o}), ct.factors),
    "attention": (lambda w: lambda **o: ct.attention(w.trace, **o), ct.attention),
    "crossed": (
        lambda w: lambda **o: ct.attention(w.crossed, **{"kind": "cross", **o}), ct.attention
    ),
    "one head": (
        lambda w: lambda **o: ct.attention(w.trace).neuron(**o), ("layer", "head", "at")
    ),
    "alignment": (
        lambda w: lambda **o: ct.attention(w.crossed, kind="cross").alignment(**o),
        ("layer", "head"),
    ),
    "walk": (lambda w: lambda **o: ct.walk(w.trace, **o), ct.walk),
    "compare": (lambda w: lambda **o: ct.compare(w.trace, w.trace, **o), ct.compare),
    "report": (lambda w: lambda **o: ct.report(w.trace, **o), ct.report),
    "explore": (lambda w: lambda **o: ct.explore(w.lm, PROMPT, **o), ct.explore),
    "pick": (lambda w: lambda **o: ct.explore(w.lm, PROMPT).pick(**o), ("what", "token_id")),
    "go": (lambda w: lambda **o: ct.explore(w.lm, PROMPT).go(**{"node": 0, **o}), ("node",)),
    "sample": (
        lambda w: lambda **o: ct.explore(w.lm, PROMPT).sample(
            **{"n": 2, "max_new_tokens": 2, **o}
        ),
        ("n", "max_new_tokens", "seed", "temperature", "top_k", "top_p"),
    ),
    "embed": (lambda w: lambda **o: ct.embed(w.lm, **{"texts": [PROMPT], **o}), ct.embed),
    "nearest": (
        lambda w: lambda **o: ct.embed(w.lm, [PROMPT, "1"]).nearest(**{"text": PROMPT, **o}),
        ("text", "k", "exact"),
    ),
    "add": (lambda w: lambda **o: w.store.add(w.trace, **o), ("name", "tags")),
    "list": (
        lambda w: lambda **o: w.store.list(**o), ("search", "tag", "limit", "offset")
    ),
    "get": (lambda w: lambda **o: w.store.get(**o), ("run_id",)),
    "log": (
        lambda w: lambda **o: ct.predictions(w.trace).log(**{"run": object(), **o}),
        ("run", "name", "step"),
    ),
    "wrap": (lambda w: lambda **o: ct.wrap(**_wrapped(o)), ct.wrap),
    "load": (
        lambda w: lambda **o: ct.load(**{"name": "no/such", **o}),
        ("name", "device", "dtype"),
    ),
}  # fmt: skip
#: Arguments that are true or false, for which anything is one of both; and what a type says.
_FLAGS = {"inside", "checked", "add_special_tokens", "add_generation_prompt", "on_token"}


def _wrapped(given: dict[str, Any]) -> dict[str, Any]:
    model = {} if "model" in given else {"model": tiny("llama")[0]}
    return {**model, "tokenizer": tiny_tokenizer(), **given}


def arguments(verb: str) -> Iterator[str]:
    """The names of a verb's arguments that an odd thing may be given for."""
    whose = ARGUMENTS[verb][1]
    if isinstance(whose, tuple):
        yield from whose
        return
    for name, one in inspect.signature(whose).parameters.items():
        taken = one.kind in (one.KEYWORD_ONLY, one.POSITIONAL_OR_KEYWORD)
        if taken and name not in {"self", "trace", "traces", "lm", "a", "b", "x", "text", *_FLAGS}:
            yield name

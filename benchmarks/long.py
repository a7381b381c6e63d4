"""4,096 tokens of SmolLM2 under every lens: 8 GB above the model, or refused with the bytes needed.

Each case is a process of its own: the model is loaded and the text is traced, then the peak of the
lens alone is taken, above both, and held against the bytes that it said it needs beforehand.
What is refused is checked at a length at which it is not. Methods that read the text 4,096 times
are stopped after three times: all passes are alike. Where a few hundred MB are all that is taken,
the allocator moves the peak by a third from run to run: the median of three runs stands there.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any
from unittest.mock import patch

import cutaway as ct
from benchmarks.promise import Figure, Run, main, median, peak_megabytes
from cutaway.core import room
from cutaway.core.errors import MissingError
from cutaway.model.lm import LM

ROOT = Path(__file__).parents[1]
TOKENS, SHORTER = 4096, 1024
MEGABYTES, OFF = 8000, 0.2
#: MB of which a lens need not say that it takes them.
_LITTLE = 100
#: Cases that take little memory, whose peak is the median of so many runs.
_RUNS = dict.fromkeys(("occlusion", "kernel_shap", "lime"), 3)

Ask = Callable[[], object]
#: What is taken from a view.
Get = Callable[[Any], object]
#: The model and the ids of a text -> what is measured; what is made before is not counted.
Case = Callable[[LM, list[int]], Ask]


def _kept(keep: str | None) -> Case:
    return lambda lm, ids: lambda: lm.trace(ids, keep=keep)


def _generated(lm: LM, ids: list[int]) -> Ask:
    return lambda: lm.generate(ids[:-4], max_new_tokens=4)


def _saved(lm: LM, ids: list[int]) -> Ask:
    trace = lm.trace(ids, keep=("neurons", "attention"))

    def run() -> object:
        with tempfile.TemporaryDirectory() as folder:
            opened = ct.open(trace.save(Path(folder) / "long.trace"))
            return ct.attention(opened).data["weight"].sel(layer=9).values.sum()

    return run


def _of(
    lens: Callable[..., Any], get: Callable[[Any], object] | None = None, **options: Any
) -> Case:
    """A lens of the traced text, and what is then taken from its view."""

    def case(lm: LM, ids: list[int]) -> Ask:
        trace = lm.trace(ids)
        return lambda: (get or _itself)(lens(trace, **options))

    return case


def _itself(view: Any) -> object:
    return view


def _layer(view: Any) -> object:
    return view.data["weight"].sel(layer=[9]).values.sum()


def _head(view: Any) -> object:
    return view.data["weight"].sel(layer=9, head=2).values.sum()


def _all(view: Any) -> object:
    return view.data["weight"].values.sum()


def _page(view: Any) -> object:
    with tempfile.TemporaryDirectory() as folder:
        return view.save(Path(folder) / "page.html").stat().st_size


def _explored(lm: LM, ids: list[int]) -> Ask:
    return lambda: ct.explore(lm, ids)


def _drawn(lm: LM, ids: list[int]) -> Ask:
    return lambda: lm.continuations(ids, n=20, max_new_tokens=4)


def _compared(lens: str, get: Get | None = None, **options: Any) -> Case:
    """With the same text but for each hundredth token."""

    def case(lm: LM, ids: list[int]) -> Ask:
        other = [11 if i % 100 == 50 else token_id for i, token_id in enumerate(ids)]
        a, b = lm.trace(ids), lm.trace(other)
        return lambda: (get or _itself)(ct.compare(a, b, lens=lens, **options))

    return case


def _stopped(module: str, case: Case) -> Case:
    """A method after three of its passes over the text."""

    def few(passes: Any, _: str) -> Any:
        return islice(passes, 3)

    def short(lm: LM, ids: list[int]) -> Ask:
        ask = case(lm, ids)

        def run() -> object:
            with patch(f"cutaway.model.{module}.steps", few):
                return ask()

        return run

    return short


_LAST = slice(-1, None)
CASES: Mapping[str, Mapping[str, Case]] = {
    "trace": {
        "trace": _kept(None),
        **{f"trace, keep={keep}": _kept(keep) for keep in ("neurons", "attention", "all")},
        "generate 4 more": _generated,
        "save, open, one layer's weights": _saved,
    },
    "lens": {
        "predictions": _of(ct.predictions),
        "watch": _of(ct.watch, tokens=[260, 216]),
        "logit_lens": _of(ct.logit_lens),
        "logit_lens page": _of(ct.logit_lens, _page, k=10),
    },
    "saliency": {
        "saliency of 1 token": _of(ct.saliency, targets=_LAST),
        "saliency of 8 tokens": _of(ct.saliency, targets=slice(-8, None)),
        "gradient_norm": _of(ct.saliency, method="gradient_norm", targets=_LAST),
        "integrated_gradients": _of(
            ct.saliency, method="integrated_gradients", targets=_LAST, steps=6
        ),
        "occlusion": _stopped("occlusion", _of(ct.saliency, method="occlusion", targets=_LAST)),
        "kernel_shap": _of(ct.saliency, method="kernel_shap", targets=_LAST, samples=2),
        "lime": _of(ct.saliency, method="lime", targets=_LAST, samples=2),
    },
    "attention": {
        "attention of one head": _of(ct.attention, _head),
        "attention of one layer": _of(ct.attention, _layer),
        "attention of all layers": _of(ct.attention, _all),
        "attention times values, one layer": _of(ct.attention, _layer, weighting="value_norm"),
        "attention, mean of one layer": _of(ct.attention, _layer, aggregate="mean"),
        "attention rollout": _of(ct.attention, _all, aggregate="rollout"),
        "attention page": _of(ct.attention, _page),
        "one head, number by number": _of(lambda t: ct.attention(t).neuron(9, 2), _page),
    },
    "neurons": {
        "neurons": _of(ct.neurons),
        "neurons page": _of(ct.neurons, _page),
        "factors": _of(ct.factors, exclude=[0]),
        "clusters": _of(ct.clusters),
    },
    "walk": {
        "walk": _of(ct.walk, _page),
        "explore": _explored,
        "20 continuations": _drawn,
    },
    "compare": {
        "compare predictions": _compared("predictions"),
        "compare neurons": _compared("neurons"),
        "compare factors": _compared("factors"),
        "compare clusters": _compared("clusters"),
        "compare attention, one layer": _compared(
            "attention", lambda view: view.figures["variation"].values, layers=[9]
        ),
        "compare logit_lens": _compared("logit_lens"),
    },
    "report": {"report page": _of(ct.report, _page)},
}


def text_ids(lm: LM, tokens: int) -> list[int]:
    """The first tokens of the documentation."""
    text = "\n".join(path.read_text("utf-8") for path in sorted((ROOT / "docs").glob("*.md")))
    return list(lm.read(text[: 6 * tokens]).ids[:tokens])


def measured(name: str, tokens: int) -> dict[str, Any]:
    """One case in this process: MB said beforehand and taken, seconds, or why it was refused."""
    case = next(cases[name] for cases in CASES.values() if name in cases)
    lm = ct.load()
    ask = case(lm, text_ids(lm, tokens))
    CHECKED.clear()
    found: dict[str, Any] = {}
    start = time.perf_counter()
    try:
        found["peak"] = peak_megabytes(ask)
    except MissingError as refused:
        found["refused"] = str(refused)
    said = max(CHECKED, default=0) / 1e6
    return found | {
        "seconds": time.perf_counter() - start,
        "said": said if said > _LITTLE else None,
    }


#: The bytes that lenses have said they need.
CHECKED: list[int] = []


def _record_checks() -> None:
    """Notes what is said by the modules that are not loaded yet: those of the lenses."""
    check = room.check_room

    def record_check(what: str, n_bytes: int, fix: str) -> None:
        CHECKED.append(n_bytes)
        check(what, n_bytes, fix)

    room.check_room = record_check


def figures(names: Sequence[str], smoke: bool) -> Iterator[Figure]:
    """Every case of a row; smoke: one, of 64 tokens."""
    tokens = 64 if smoke else TOKENS
    for name in names[: 1 if smoke else None]:
        runs = [_in_process(name, tokens) for _ in range(1 if smoke else _RUNS.get(name, 1))]
        yield from _figures_of(name, runs)
        if "refused" in runs[0]:
            short = _in_process(name, SHORTER)
            yield from _figures_of(f"{name}, {SHORTER:,} tokens", [short])


def _figures_of(name: str, runs: Sequence[Mapping[str, Any]]) -> Iterator[Figure]:
    found = runs[0]
    if "refused" in found:
        yield Figure(f"{name}: refused, for it takes", found["said"], "MB")
        yield Figure(f"{name}: refused after", found["seconds"], "s", 10)
        return
    peaks = [run["peak"] for run in runs]
    peak = median(f"{name}: above the model and the trace", peaks, "MB", MEGABYTES)
    yield peak if len(runs) > 1 else replace(peak, spread=None)
    if found["said"] is not None:
        off = abs(peak.value / found["said"] - 1)
        yield Figure(f"{name}: said beforehand", found["said"], "MB")
        yield Figure(f"{name}: what was said is off by", off, "of it", OFF)
    yield Figure(f"{name}: time", found["seconds"], "s")


def _in_process(name: str, tokens: int) -> dict[str, Any]:
    """A case in a fresh process."""
    command = [sys.executable, "-m", "benchmarks.long", "--case", name, str(tokens)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


ROWS: Mapping[str, Run] = {row: partial(figures, tuple(cases)) for row, cases in CASES.items()}


if __name__ == "__main__":
    if sys.argv[1:2] == ["--case"]:
        _record_checks()
        print(json.dumps(measured(sys.argv[2], int(sys.argv[3]))))
        sys.exit()
    sys.exit(main(__doc__, ROWS))

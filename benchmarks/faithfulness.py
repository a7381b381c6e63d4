"""Which saliency is true? All methods on 64 prompts, with controls and 95 % intervals.

    python -m benchmarks.faithfulness [--minutes 8] [--table]

Takes the tokens a method calls most important out of the text and reads how far the probability
of the model's own next token falls: mean over the first one, two and three tokens, replaced by a
space or deleted. Prompts already measured are kept in benchmarks/results/faithfulness.json, so
that it can be stopped and started again.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any, Literal

import numpy as np

import cutaway
from cutaway.lens.deletion import order
from cutaway.lens.saliency import saliency
from cutaway.trace.source import Ablation
from cutaway.trace.trace import Trace

RESULTS = Path(__file__).parent / "results" / "faithfulness.json"
#: What is measured: name -> the arguments of saliency. Samples are few, for time.
METHODS: dict[str, dict[str, Any]] = {
    "input x gradient": {},
    "input x gradient, log-probability": {"quantity": "log_probability"},
    "input x gradient, after block 14": {"at_layer": 14},
    "gradient norm": {"method": "gradient_norm"},
    "integrated gradients": {"method": "integrated_gradients"},
    "integrated gradients, zero, 12 even steps": {
        "method": "integrated_gradients", "baseline": "zero", "keep_first": False,
        "spacing": "even", "steps": 12, "quantity": "logit",
    },
    "occlusion, replace": {"method": "occlusion"},
    "occlusion, delete": {"method": "occlusion", "how": "delete"},
    "Shapley sampling, 2": {"method": "shapley_value_sampling", "samples": 2},
    "KernelSHAP, 24": {"method": "kernel_shap", "samples": 24},
    "LIME, 24": {"method": "lime", "samples": 24},
}  # fmt: skip
CONTROLS = ("random", "constant")
_DRAWS = 5
_FIRST = (1, 2, 3)
_PATIENCE = 8.0

PROMPTS = """
The capital of France is
The capital of Japan is the city of
Heathrow airport is located in the city of
The keys to the cabinet on the wall
The opposite of hot is
Water freezes at zero degrees
Shakespeare was born in the year
The largest planet in the solar system is
The author of Romeo and Juliet is William
Monday, Tuesday, Wednesday,
One, two, three, four,
The sun rises in the east and sets in the
The chemical symbol for water is H
The first president of the United States was George
Albert Einstein developed the theory of
The Eiffel Tower is in the city of
My favourite colour is red, and my sister's favourite colour is
She opened the door and walked into the
The doctor told the patient to take the
The dog barked at the cat, and the cat
In the morning I like to drink a cup of
He put the letter in an envelope and mailed it at the post
The teacher asked the students to open their
Roses are red, violets are
Once upon a time there was a little
To be or not to be, that is the
The quick brown fox jumps over the lazy
A triangle has three
Spiders have eight
The heart pumps blood through the
The currency of the United Kingdom is the
The Great Wall is located in
Neil Armstrong was the first man to walk on the
The boiling point of water is 100 degrees
The Pacific is the largest
Bees make
The river Nile flows through
He speaks French because he grew up in
She speaks Spanish because she was born in
The Mona Lisa was painted by Leonardo da
The piano is a musical
The baby began to cry because it was
The judge sentenced the man to ten years in
They went to the beach to swim in the
The farmer milked the
It was raining, so she opened her
The train arrived at the
He lit a candle because it was
The chef added salt and
The library is full of
Red, orange, yellow, green,
January, February, March,
Two plus two equals
The plane landed at the
A week has seven
The moon orbits the
Penguins are birds that cannot
Fish breathe through their
The king and the
Paris is the capital of France. Rome is the capital of
Ann has a cat and Bob has a dog. Ann feeds her
The password is tulip. Remember it. The password is
The man put on his coat because it was cold
My name is Maria and I live in
""".strip().splitlines()


def measure(trace: Trace, seed: int) -> dict[str, Any]:
    """One prompt: the falls of every method and control; integrated gradients' gap and moves."""
    T = trace.n_positions
    shares: dict[str, Any] = {}
    off: dict[str, dict[str, float]] = {"gap": {}, "moved": {}}
    for name, arguments in METHODS.items():
        answer = saliency(trace, targets=T, **arguments)
        shares[name] = answer["saliency"].values[0]
        for sign, found in off.items():
            found[name] = float(answer[sign][0])
        said = int(answer["explained_id"][0])
    falls = {how: _Falls(trace, said, how) for how in ("replace", "delete")}
    lost = falls["replace"].of([(i,) for i in range(T)])
    orders = {name: [order(scores, lost)] for name, scores in shares.items()}
    draws = np.random.default_rng(seed)
    orders["random"] = [draws.permutation(T) for _ in range(_DRAWS)]
    orders["constant"] = [order(np.zeros(T), lost)]
    means = {how: fall.means(orders) for how, fall in falls.items()}
    known = {sign: _known(found) for sign, found in off.items()}
    return {"tokens": T, "probability": falls["replace"].whole, **means, **known}


class _Falls:
    """How far the probability falls without some tokens; all texts are read together."""

    def __init__(self, trace: Trace, said: int, how: Literal["replace", "delete"]) -> None:
        self._trace, self._said, self._how = trace, said, how
        self._put = trace.source.token_id(" ") if how == "replace" else None
        self.whole = float(self._probability([()])[0])

    def of(self, removed: list[tuple[int, ...]]) -> np.ndarray:
        return self.whole - self._probability(removed)

    def means(self, orders: dict[str, list[np.ndarray]]) -> dict[str, float]:
        """Of each method, over its orders and their first one, two, three tokens, never all."""
        counts = [count for count in _FIRST if count < self._trace.n_positions]
        sets = {
            name: [tuple(sorted(each[:count].tolist())) for each in some for count in counts]
            for name, some in orders.items()
        }
        distinct = sorted({gone for some in sets.values() for gone in some})
        fall = dict(zip(distinct, self.of(distinct).tolist(), strict=True))
        return {name: float(np.mean([fall[gone] for gone in some])) for name, some in sets.items()}

    def _probability(self, removed: list[tuple[int, ...]]) -> np.ndarray:
        wanted = Ablation(self._trace.n_positions, self._said, tuple(removed), self._how, self._put)
        return np.exp(self._trace.source.ablate(self._trace, wanted))


def _known(gaps: dict[str, float]) -> dict[str, float]:
    return {name: gap for name, gap in gaps.items() if not np.isnan(gap)}


def table(results: dict[str, Any]) -> str:
    """A Markdown table: mean fall and its 95 % bootstrap interval over prompts."""
    rows = list(results.values())
    draws = np.random.default_rng(0).integers(0, len(rows), (5000, len(rows)))
    lines = [
        f"| method ({len(rows)} prompts) | fall, replaced | fall, deleted |", "|---|---|---|"
    ]  # fmt: skip
    for name in (*METHODS, *CONTROLS):
        cells = []
        for how in ("replace", "delete"):
            values = np.array([row[how][name] for row in rows])
            low, high = np.quantile(values[draws].mean(axis=1), (0.025, 0.975))
            cells.append(f"{values.mean():.3f} ({low:.3f} to {high:.3f})")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    for sign, words in (("gap", "Gap of"), ("moved", "Scores moved by, of")):
        for name in rows[0][sign]:
            off = np.array([row[sign][name] for row in rows])
            lines.append(
                f"\n{words} {name}: median {np.median(off):.3f}, worst {off.max():.2f}, "
                f"within 5 % on {np.mean(off <= 0.05):.0%}."
            )
    return "\n".join(lines)


def main() -> int:
    """Measure what is missing, within the time given, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=_PATIENCE, help="stop after so many")
    parser.add_argument("--table", action="store_true", help="only print what is there")
    asked = parser.parse_args()
    results = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
    lm = None if asked.table else cutaway.load()
    end = time.monotonic() + 60 * asked.minutes
    for seed, prompt in enumerate(PROMPTS):
        if lm is None or time.monotonic() > end:
            break
        if prompt not in results:
            results[prompt] = measure(lm.trace(prompt), seed)
            RESULTS.parent.mkdir(exist_ok=True)
            RESULTS.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
            print(f"{len(results)} of {len(PROMPTS)}: {prompt}", file=sys.stderr, flush=True)
    print(table(results) if results else "nothing measured yet: give it more --minutes")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""docs/benchmarks.md from what was measured: python -m benchmarks.table."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.peer import PEERS
from benchmarks.promise import Figure
from benchmarks.record import RESULTS, ROOT, Record, read

__all__ = ["table", "write_table"]

PAGE = ROOT / "docs" / "benchmarks.md"
INTRODUCTION = """\
# Benchmarks
What Cutaway promises, each promise beside what one would pick instead, measured on one machine.
This page is written by `make bench` from `benchmarks/results/`; each promise is a file in
`benchmarks/` that says how it is measured. Time is wall time unless it is called processor time
(over all threads); a ratio is the median over rounds in which both took turns, and "spread" is the
smallest and largest round. Memory "above" something is the most that was held over it. What has no
promise stands for comparison. None of it says how fast another machine or model is.
"""
#: Ours beside the others' in one glance: benchmark -> figure, and what it says of which tool.
BESIDE: Mapping[str, Mapping[str, str]] = {
    "attention": {
        "BertViz model_view, T = 64: our page, to it": "BertViz, all heads | page, 64 tokens",
        "BertViz model_view, T = 64: ours drawn, to it": "| its heads drawn",
        "BertViz head_view, T = 128: our page, to it": "BertViz, a layer | page, 128 tokens",
        "BertViz head_view, T = 128: our hover, to it": "| pointing at it",
        "CircuitsVis, T = 128: our page, to it": "CircuitsVis | page, 128 tokens",
    },
    "recording": {
        "T = 2048: all of these, to transformer-lens (same), wall time":
            "TransformerLens | recording 2,048 tokens, time",
        "T = 2048: memory of all of these, to transformer-lens (same)": "| memory",
        "T = 2048: all of these, to nnsight (trace), wall time":
            "nnsight | recording 2,048 tokens, time",
        "T = 2048: memory of all of these, to nnsight (trace)": "| memory",
    },
    "logit_lens": {
        "T = 64: lens, to tuned-lens, wall time": "tuned-lens | logit lens, 64 tokens, time",
    },
    "saliency": {
        "64 outputs, to Captum, wall time": "Captum | saliency, 64 outputs, time",
        "64 outputs, to Inseq, wall time": "Inseq | saliency, 64 outputs, time",
    },
    "factors": {
        "factors, to NMF as Ecco calls it, processor time": "Ecco | factors, processor time",
    },
}  # fmt: skip


def table(folder: Path = RESULTS) -> str:
    """The whole page, as Markdown."""
    measured = {path.stem: read(path.stem, folder) for path in sorted(folder.glob("*.json"))}
    kept = {name: rows for name, rows in measured.items() if rows}
    if not kept:
        return f"{INTRODUCTION}\nNothing was measured yet.\n"
    parts = [INTRODUCTION, *_beside(kept), *_promises(kept), *_unmet(kept), *_machines(kept)]
    for name, rows in kept.items():
        parts += [f"## {_title(name)}", f"{_about(name)}\n", *_figures(rows)]
    return "\n".join(parts) + "\n"


def write_table(folder: Path = RESULTS) -> None:
    """Write the page where the figures are the committed ones' place, else beside them."""
    path = PAGE if folder == RESULTS else folder / PAGE.name
    path.write_text(table(folder), encoding="utf-8")


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _beside(kept: Mapping[str, Mapping[str, Record]]) -> Iterator[str]:
    """Ours as a share of what each other tool takes."""
    found = {(name, figure.name): figure for name, figure in _of(kept)}
    lines = [
        f"| {words} | {_number(figure.value)} x{_spread(figure)} |"
        for name, called in BESIDE.items()
        for wanted, words in called.items()
        if (figure := found.get((name, wanted))) is not None
    ]
    if lines:
        yield "| beside | what | ours, to it |\n|---|---|---|"
        yield from lines
        yield ""


def _promises(kept: Mapping[str, Mapping[str, Record]]) -> Iterator[str]:
    """What each benchmark promises, and how many of its figures keep it."""
    yield "| benchmark | promise | figures that meet it |\n|---|---|---|"
    for name, rows in kept.items():
        promised = [figure.kept for _, figure in _of({name: rows}) if figure.bound is not None]
        met = f"{sum(promised)} of {len(promised)}" if promised else ""
        link = name.replace("_", "-")
        yield f"| [{_title(name)}](#{link}) | {_about(name).splitlines()[0]} | {met} |"
    yield ""


def _unmet(kept: Mapping[str, Mapping[str, Record]]) -> Iterator[str]:
    """Every promise that is not kept, with its reason; how many are."""
    promised = [(name, figure) for name, figure in _of(kept) if figure.bound is not None]
    broken = [(name, figure) for name, figure in promised if not figure.kept]
    yield f"{len(promised) - len(broken)} of {len(promised)} promised figures are met."
    if broken:
        yield "Not met:\n"
        yield "| benchmark | figure | promise | measured | why |\n|---|---|---|---|---|"
        for name, figure in broken:
            yield (
                f"| {_title(name)} | {figure.name} | "
                f"at most {_number(figure.bound or 0)} {figure.unit} | "
                f"{_number(figure.value)} {figure.unit}{_spread(figure)} | "
                f"{figure.reason or 'not known'} |"
            )
    yield ""


def _of(kept: Mapping[str, Mapping[str, Record]]) -> Iterator[tuple[str, Figure]]:
    """Every figure, with the benchmark that it is of."""
    for name, rows in kept.items():
        for record in rows.values():
            yield from ((name, figure) for figure in record.figures)


def _machines(kept: Mapping[str, Mapping[str, Record]]) -> Iterator[str]:
    """Each machine that something was measured on, and the peers' releases."""
    records = [record for rows in kept.values() for record in rows.values()]
    for one in {tuple(record.machine.items()): record.machine for record in records}.values():
        yield "| measured on | |\n|---|---|"
        yield from (f"| {what} | {value} |" for what, value in one.items())
        peers = [" ".join(wanted[0].split("==")) for wanted in PEERS.values()]
        yield f"| beside | {', '.join(peers)} |"
    busy = max(record.load for record in records)
    yield f"\nLoad before a row (processes that wanted a core, in a minute): at most {busy:.1f}.\n"


def _about(name: str) -> str:
    """What the benchmark says of itself."""
    source = (ROOT / "benchmarks" / f"{name}.py").read_text("utf-8")
    return ast.get_docstring(ast.parse(source)) or ""


def _figures(rows: Mapping[str, Record]) -> Iterator[str]:
    yield "| figure | measured | spread | promise | |\n|---|---|---|---|---|"
    for record in rows.values():
        for figure in record.figures:
            promise = "" if figure.bound is None else f"at most {_number(figure.bound)}"
            met = "" if figure.bound is None else "met" if figure.kept else "**not met**"
            yield (
                f"| {figure.name} | {_number(figure.value)} {figure.unit} | "
                f"{_spread(figure).strip(' ()')} | {promise} | {met} |"
            )
    first = next(iter(rows.values()))
    spent = sum(record.seconds for record in rows.values()) / 60
    yield f"\n{first.when.replace('T', ' ')}, {spent:.1f} minutes.\n"


def _spread(figure: Figure) -> str:
    if figure.spread is None:
        return ""
    return f" ({_number(figure.spread[0])} to {_number(figure.spread[1])})"


def _number(value: float) -> str:
    """Three figures, without an exponent where it can be read without."""
    if value == 0 or 1e-3 <= abs(value) < 1e5:
        return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{value:.2g}"


if __name__ == "__main__":
    write_table()

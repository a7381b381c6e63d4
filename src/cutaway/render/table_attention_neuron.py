"""One head at one query as a table of strings: a row per key, from dot product to weight."""

from __future__ import annotations

from ..core.numbers import percent, quantity
from ..view.spec import Spec
from .attention_steps import Step, keys_seen, steps
from .tabular import Table

__all__ = ["attention_neuron_table"]

_MOST_KEYS = 24
_NAMED = 3


def attention_neuron_table(spec: Spec) -> Table:
    """The keys with the most weight, and the entries of the product that made their scores."""
    header = spec.header
    seen = keys_seen(spec)
    most = f"{_MOST_KEYS} of {seen:,} keys, most" if seen > _MOST_KEYS else "Most"
    return Table(
        caption=f"{most} weight first, for the query at position {header['at']}, "
        f"{header['inputs'][header['at']]}; score = {_formula(spec)}",
        columns=("key", "token", "dot product", "score", "weight", "largest products, by entry"),
        rows=tuple(_row(step) for step in steps(spec, _MOST_KEYS)),
    )


def _formula(spec: Spec) -> str:
    header = spec.header
    scaled = f"{quantity(header['scale'])} × dot product"
    if header["cap"] is not None:
        scaled = f"{quantity(header['cap'])} × tanh({scaled} / {quantity(header['cap'])})"
    return scaled + (" + bias" if "bias" in spec.arrays else "")


def _row(step: Step) -> tuple[str, ...]:
    entries = ", ".join(f"{i}: {quantity(float(step.product[i]))}" for i in step.largest(_NAMED))
    return (
        "–" if step.key < 0 else str(step.key), step.label, quantity(step.dot),
        quantity(step.score), percent(step.weight), entries or "–",
    )  # fmt: skip

"""The experts of a mixture as a table of strings: a row for each layer."""

from __future__ import annotations

import numpy as np

from ..core.numbers import percent, quantity
from ..view.spec import Spec
from .tabular import Table

__all__ = ["experts_table"]

_BUSIEST = 3


def experts_table(spec: Spec) -> Table:
    """Of each layer how many experts there are, which were busiest, and how sure its router was."""
    header, load = spec.header, spec.arrays["load"]
    entropy, passed = spec.arrays["entropy"], spec.arrays["passed_over"]
    rows = []
    for row, (layer, count) in enumerate(zip(header["layers"], header["counts"], strict=True)):
        own = load[row, :count]
        order = np.argsort(-own, kind="stable")[:_BUSIEST]
        busy = ", ".join(f"{i} ({percent(float(own[i]))})" for i in order.tolist())
        mean = float(entropy[row].mean(dtype=np.float64))
        rows.append((
            str(layer), f"{count:,}", f"{int((own == 0).sum()):,}", busy,
            quantity(mean, "nats"), f"{quantity(float(np.log(count)))}",
            "–" if (passed[row] < 0).any() else f"{int((passed[row] > 0).sum()):,}",
        ))  # fmt: skip
    return Table(
        caption=f"Experts called at {len(header['positions']):,} tokens, {header['k']} at each; "
        "busiest by the share of tokens that called them",
        columns=(
            "layer", "experts", "never called", "busiest", "mean entropy", "at most",
            "passed over",
        ),
        rows=tuple(rows),
    )  # fmt: skip

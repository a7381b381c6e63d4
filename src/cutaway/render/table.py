"""A Spec as a plain table of strings: the form that needs neither colour nor script."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..core.errors import UnknownError
from ..core.numbers import percent
from ..view.spec import Spec
from .candidate_layers import layer_names
from .classes import classes_table
from .grid import grid
from .parts import COLUMNS, rows
from .table_alignment import alignment_table
from .table_attention import attention_table
from .table_attention_neuron import attention_neuron_table
from .table_compare import compare_attention_table, compare_experts_table, compare_table
from .table_embed import embed_table
from .table_explore import explore_table
from .table_neurons import clusters_table, factors_table, neurons_table
from .table_points import points_table
from .table_race import pairs_table, watch_table
from .table_report import report_table
from .table_routing import experts_table
from .table_saliency import deletion_table, saliency_table
from .table_walk import walk_table
from .tabular import Table

__all__ = ["TABLES", "table"]

_MOST_POSITIONS = 12


def table(spec: Spec) -> Table:
    """The readable form of a Spec; of a long text its end, and the caption says so.

    Raises UnknownError for a kind that has none.
    """
    try:
        return TABLES[spec.kind](spec)
    except KeyError:
        raise UnknownError("kind of picture", spec.kind, allowed=TABLES) from None


def lens_table(spec: Spec) -> Table:
    """Layers down, the last positions across; a cell is its top token and its number."""
    whole = grid(spec)
    count = len(whole.positions)
    part = whole.columns(max(0, count - _MOST_POSITIONS), count)
    left_out = count - len(part.positions)
    return Table(
        caption=f"Top token after each layer and {part.quantity['words']}"
        + (f"; the last {_MOST_POSITIONS} of {count:,} positions" if left_out else "")
        + (f"; {part.mark}" if part.checked else ""),
        columns=(
            "layer",
            *(f"{i}: {label}" for i, label in zip(part.positions, part.reads, strict=True)),
        ),
        rows=tuple(
            (row.name, *(f"{label} {n}" for label, n in zip(row.labels, row.numbers, strict=True)))
            for row in part.rows
        ),
    )


def candidates_table(spec: Spec) -> Table:
    """Layers down, the k best tokens across, best first."""
    words, index = spec.header["vocabulary"], spec.arrays["top_index"]
    probability, names = spec.arrays["top_probability"], layer_names(spec)
    return Table(
        caption=f"The tokens likeliest to follow {spec.header['label']}, after each layer",
        columns=("layer", *(str(k + 1) for k in range(spec.header["k"]))),
        rows=tuple(
            (
                names[r],
                *(
                    f"{words[i]} {percent(p)}" if i >= 0 else "–"
                    for i, p in zip(index[r].tolist(), probability[r].tolist(), strict=True)
                ),
            )
            for r in reversed(range(len(spec.header["layers"])))
        ),
    )


def anatomy_table(spec: Spec) -> Table:
    """A row per part of the model, equal blocks folded into one."""
    return Table(
        caption=f"Parts of the model; {spec.header['total']:,} parameters in all",
        columns=COLUMNS,
        rows=tuple(rows(spec)),
    )


#: Kind of picture -> its table.
TABLES: Mapping[str, Callable[[Spec], Table]] = {
    "logit_lens": lens_table,
    "candidates": candidates_table,
    "classes": classes_table,
    "saliency": saliency_table,
    "deletion": deletion_table,
    "anatomy": anatomy_table,
    "walk": walk_table,
    "embed": embed_table,
    "points": points_table,
    "explore": explore_table,
    "watch": watch_table,
    "pairs": pairs_table,
    "neurons": neurons_table,
    "clusters": clusters_table,
    "factors": factors_table,
    "experts": experts_table,
    "attention": attention_table,
    "alignment": alignment_table,
    "compare": compare_table,
    "compare_attention": compare_attention_table,
    "compare_experts": compare_experts_table,
    "attention_neuron": attention_neuron_table,
    "report": report_table,
}

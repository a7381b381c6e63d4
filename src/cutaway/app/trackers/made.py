"""Making the asset of a view, and that of a trace."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .asset import Asset, clipped
from .columns import Columns, columns, encodable

if TYPE_CHECKING:
    import xarray as xr

    from ...trace.trace import Trace
    from ...view.scalars import Scalar
    from ..view import View

__all__ = ["asset_of_trace", "asset_of_view"]

#: Rows of the provenance that stand by themselves.
_LOOKED_UP = ("model", "prompt", "lens", "options")


def asset_of_view(view: View, name: str | None, step: int | None) -> Asset:
    """Page, picture, numbers, scalars and provenance of a view; its name is its lens's."""
    from ...render.figure import figure
    from ...render.page import page
    from ...render.text import text
    from ...view.scalars import scalars

    parts = dict(_parts(view._file_data))
    found = {part: scalars(dataset) for part, dataset in parts.items()}
    tables = {part and f".{part}": columns(dataset) for part, dataset in parts.items()}
    about = _about(view.spec.header["provenance"])
    for part, told in found.items():
        about |= _units(part, told)
    about |= {f"table{part}": why for part, why in tables.items() if isinstance(why, str)}
    return Asset(
        name=str(view.data.attrs["lens"]) if name is None else name,
        step=step,
        about=about,
        scalars={
            f"{part}/{scalar.name}" if part else scalar.name: float(scalar.value)
            for part, told in found.items()
            for scalar in told
        },
        tables={part: table for part, table in tables.items() if not isinstance(table, str)},
        words=lambda: text(view.spec),
        page=lambda: page(view.spec),
        picture=lambda: figure(view.spec, "png"),
    )


def asset_of_trace(trace: Trace, name: str | None, step: int | None) -> Asset:
    """A trace's file, its tokens, its provenance."""
    import xarray as xr

    from ...lens.dataset import finish
    from ...view.header import provenance

    told = finish(xr.Dataset(), trace, lens="trace", options={"kept": list(trace.kept)})
    produced = trace.n_positions - trace.n_prompt
    return Asset(
        name="trace" if name is None else name,
        step=step,
        about=_about(provenance(told)),
        scalars={"tokens": float(trace.n_positions), "produced": float(produced)},
        tables={"": _tokens(trace)},
        words=lambda: _told(trace),
        trace=trace,
    )


def _parts(filed: xr.Dataset | xr.DataTree) -> Iterator[tuple[str, xr.Dataset]]:
    """The datasets of a view, by name: one without a name, or those of a report's lenses."""
    import xarray as xr

    if isinstance(filed, xr.Dataset):
        yield "", filed
        return
    for leaf in filed.leaves:
        yield leaf.path.strip("/").replace("/", "."), leaf.to_dataset()


def _about(rows: Sequence[Sequence[str]]) -> dict[str, str]:
    """Provenance: what runs are looked up by under names of their own, the rest in lines."""
    own = {name: value for name, value in rows if name in _LOOKED_UP}
    rest = "\n".join(f"{name}: {value}" for name, value in rows if name not in _LOOKED_UP)
    return {name: clipped(encodable(value)) for name, value in {**own, "made_by": rest}.items()}


def _units(part: str, told: Sequence[Scalar]) -> dict[str, str]:
    if not told:
        return {}
    lines = [f"{scalar.name}: {scalar.words} ({scalar.units})" for scalar in told]
    return {f"scalars.{part}" if part else "scalars": clipped(encodable("\n".join(lines)))}


def _told(trace: Trace) -> str:
    """The trace in a line, and its tokens, one in each."""
    row = trace.tokens
    lines = (
        f"{i:>6}  {row.ids[i]:>7}  {row.labels[i]}{'' if i < row.n_prompt else '  (produced)'}"
        for i in range(len(row))
    )
    return "\n".join([repr(trace), *lines])


def _tokens(trace: Trace) -> Columns:
    row = trace.tokens
    table: Mapping[str, Sequence[Any]] = {
        "position": range(len(row)),
        "token_id": row.ids,
        "token": [encodable(label) for label in row.labels],
        "text": [encodable(text) for text in row.texts],
        "role": row.roles,
        "produced": [i >= row.n_prompt for i in range(len(row))],
    }
    return {name: list(values) for name, values in table.items()}

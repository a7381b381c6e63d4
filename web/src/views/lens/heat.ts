import { readEdge, type Edge, type GridModel } from "../../parts/heatmodel";
import { stateName } from "../../parts/layers";
import { valueText } from "../../parts/legend";
import { paintOf, shareOf } from "../../parts/ramp";
import type { Cell, State } from "./cell";
import type { Scheme } from "../../parts/theme";
import type { Quantity } from "../../spec/headers";
import type { LensCells } from "./cells";
import type { Row } from "./rows";

/** The lens as a heat grid: drawn rows by positions, coloured by one quantity. */
export function heatModel(
  cells: LensCells,
  rows: readonly Row[],
  quantity: Quantity,
  state: State,
  scheme: Scheme,
): GridModel {
  const { header } = cells;
  const cellOf = (row: number, col: number): Cell => ({
    ...rows[row]!,
    at: header.positions[col]!,
  });
  const [read, came] = [readEdge(cells.header), cameEdge(cells)];
  return {
    rows: rows.length,
    cols: header.positions.length,
    label:
      `${header.heading}: ${rows.length} states by ${header.positions.length} positions. ` +
      "Arrow keys move, Enter pins, Escape lets go.",
    paint: (row, col) => {
      const value = cells.value(quantity, cellOf(row, col));
      return paintOf(quantity.ramp, scheme, shareOf(quantity, value));
    },
    text: (row, col) => {
      const cell = cellOf(row, col);
      if (quantity.name !== "rank") return cells.topLabel(cell);
      return valueText(quantity, cells.value(quantity, cell));
    },
    uncut: quantity.name === "rank",
    ringed: (row, col) => cells.foretells(cellOf(row, col)),
    cornered: (row, col) => cells.changed(cellOf(row, col)),
    rowLabel: (row) => stateName(rows[row]!.layer, rows[row]!.inside),
    // What was read enters at the input's side of the picture, what came leaves at the final's.
    above: state.finalOnTop ? came : read,
    below: state.finalOnTop ? read : came,
  };
}

function cameEdge({ header }: LensCells): Edge {
  return {
    name: header.masked ? "" : "came",
    tone: "out",
    label: (col) => header.nexts[col] || (header.masked ? "" : "?"),
    small: null,
    underlined: () => false,
  };
}

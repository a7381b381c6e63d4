import type { Chart } from "../../parts/lines";
import type { ComparedCells } from "./cells";
import { slotName } from "./slots";

/** How far the residual states of a slot are apart, layer by layer. */
export function distanceChart(cells: ComparedCells, col: number): Chart | null {
  const grid = cells.distance;
  if (!grid) return null;
  const { header } = cells;
  const values = header.rows.map((_, row) => grid.at(row, col));
  if (values.some(Number.isNaN)) return null;
  const top = Math.max(0.1, Math.ceil(10 * Math.max(...values)) / 10);
  return {
    label: `Difference of the residual states at ${slotName(header.columns, col)} after each layer`,
    steps: header.rows,
    lines: [{ label: slotName(header.columns, col), values }],
    place: (value) => value / top,
    ticks: [0, top / 2, top],
    tick: (value) => value.toFixed(2),
  };
}

/** At which layers the top tokens differ, in words. */
export function divergenceWords(cells: ComparedCells, col: number): string {
  const { rows } = cells.header;
  const apart = rows.map((_, row) => row).filter((row) => cells.differs(row, col));
  if (!apart.length) return "Their top tokens are the same after every layer.";
  const first = rows[apart[0]!]!;
  const where = first === "in" ? "at the input already" : `first after layer ${first}`;
  return `Their top tokens differ ${where}, and after ${apart.length} of ${rows.length} rows in all.`;
}

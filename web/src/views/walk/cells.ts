import { percent, quantity } from "../../parts/format";
import { NO_EDGE, type GridModel } from "../../parts/heatmodel";
import { paintOf, type Paint } from "../../parts/ramp";
import type { Scheme } from "../../parts/theme";
import type { WalkHeader, WalkStep } from "../../spec/walk";
import { arrayOf, type Grid, type Spec } from "../../spec/spec";

/** Entries of a vector in one row of cells, and how many are shown before "all" is asked for. */
const ACROSS = 16;
export const FIRST = 64;

const ROW_NAMES: Readonly<Record<string, string>> = { head: "head", group: "kv head" };

/** The numbers of a step as rows of cells. */
export interface Cells {
  readonly rows: number;
  readonly cols: number;
  /** NaN outside of the vector. */
  at(row: number, col: number): number;
  rowLabel(row: number): string;
  colLabel(col: number): string;
  /** What a cell is, in words. */
  name(row: number, col: number): string;
}

/** A step's numbers: a vector folded into rows, or a row for each head. */
export function cellsOf(spec: Spec<WalkHeader>, step: WalkStep, all: boolean): Cells {
  const grid = arrayOf(spec, `step:${step.name}`);
  return grid.shape.length === 2 ? matrix(spec.header, step, grid) : vector(step, grid, all);
}

function vector(step: WalkStep, grid: Grid, all: boolean): Cells {
  const shown = all ? grid.shape[0]! : Math.min(FIRST, grid.shape[0]!);
  const cols = Math.min(ACROSS, shown);
  const index = (row: number, col: number): number => row * cols + col;
  return {
    rows: Math.ceil(shown / cols),
    cols,
    at: (row, col) => (index(row, col) < shown ? grid.at(index(row, col)) : NaN),
    rowLabel: (row) => String(row * cols),
    colLabel: (col) => String(col),
    name: (row, col) => `${step.name.replaceAll("_", " ")}[${index(row, col)}]`,
  };
}

function matrix(header: WalkHeader, step: WalkStep, grid: Grid): Cells {
  const [rows, cols] = grid.shape as [number, number];
  const row = ROW_NAMES[step.axes[0]!] ?? step.axes[0]!;
  const keys = { key: header.inputs, source: header.source?.inputs }[step.axes[1]!];
  const label = (col: number): string => keys?.[col] ?? String(col);
  return {
    rows,
    cols,
    at: (r, c) => grid.at(r, c),
    rowLabel: (r) => `${row} ${r}`,
    colLabel: label,
    name: (r, c) => `${row} ${r}, ${keys ? `on ${label(c)}` : `entry ${c}`}`,
  };
}

/** Clay is positive, teal negative, as for neurons; shares (weights) have a size alone. */
export function cellsModel(step: WalkStep, cells: Cells, scheme: Scheme): GridModel {
  const isShare = isWeights(step);
  const most = isShare ? 1 : largest(cells);
  const paint = (value: number): Paint | null => {
    if (!Number.isFinite(value)) return null;
    if (isShare) return paintOf("clay", scheme, Math.sqrt(value));
    const share = most > 0 ? Math.sqrt(Math.abs(value) / most) : 0;
    return paintOf(value < 0 ? "teal" : "clay", scheme, share);
  };
  return {
    rows: cells.rows,
    cols: cells.cols,
    label: `${step.title}: ${cells.rows} rows of ${cells.cols} numbers; arrow keys move.`,
    paint: (row, col) => paint(cells.at(row, col)),
    text: (row, col) => printed(cells.at(row, col)),
    uncut: true,
    ringed: () => false,
    rowLabel: cells.rowLabel,
    labelRoom: 72,
    above: { ...NO_EDGE, label: cells.colLabel },
    below: NO_EDGE,
  };
}

/** Whether the numbers are the shares that a position gives to tokens. */
export function isWeights(step: WalkStep): boolean {
  return step.name === "weights" || step.name === "cross_weights";
}

export function largest(cells: Cells): number {
  let most = 0;
  for (let row = 0; row < cells.rows; row++) {
    for (let col = 0; col < cells.cols; col++) {
      const size = Math.abs(cells.at(row, col));
      if (Number.isFinite(size)) most = Math.max(most, size);
    }
  }
  return most;
}

/** A number with its sign, short enough for a cell; what is masked is a cross. */
export function printed(value: number): string {
  if (value === -Infinity) return "×";
  if (Number.isNaN(value)) return "";
  const text = value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
  return text.replace(/^-(?=[0.]+$)/, "").replace("-", "−"); // no minus before nought
}

/** A number by itself, more exactly than in its cell. */
export function told(step: WalkStep, value: number): string {
  return isWeights(step) ? percent(value) : quantity(value);
}

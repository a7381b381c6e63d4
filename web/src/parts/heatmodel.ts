import type { TokenRow } from "../spec/headers";
import type { Paint } from "./ramp";

/** What a heat grid shows: any rows by any columns. Rows are in the order they are drawn. */
export interface GridModel {
  readonly rows: number;
  readonly cols: number;
  /** Pixels; rows without text can be low. */
  readonly rowHeight?: number;
  /** Pixels that a cell needs for its text; 60 unless said. */
  readonly narrowest?: number;
  /** What the grid is, for a screen reader. */
  readonly label: string;
  /** The paint of a cell; null where the value is undefined. */
  paint(row: number, col: number): Paint | null;
  text(row: number, col: number): string;
  /** Texts are numbers: where one has no room none is drawn, for its beginning is another number. */
  readonly uncut?: boolean;
  /** Whether the cell is ringed; what that means is said by the legend. */
  ringed(row: number, col: number): boolean;
  /** Whether a corner of the cell is marked, likewise. */
  cornered?(row: number, col: number): boolean;
  rowLabel(row: number): string;
  /** Pixels beside the rows where their labels need more than a layer's name. */
  readonly labelRoom?: number | undefined;
  readonly above: Edge;
  readonly below: Edge;
}

/** The labels along the top or the bottom of a grid. */
export interface Edge {
  /** Names the edge in its corner. */
  readonly name: string;
  readonly tone: "ink" | "out";
  label(col: number): string;
  /** A second, smaller line, or null for an edge of one line. */
  readonly small: ((col: number) => string) | null;
  underlined(col: number): boolean;
}

/** Pixels: of no edge as much as the frame of a chosen cell needs. */
export function edgeHeight(edge: Edge): number {
  if (edge === NO_EDGE) return 4;
  return edge.small ? 38 : 24;
}

/** Of a row of tokens that were read: their labels and positions. */
export function readEdge({ inputs, positions, produced }: TokenRow): Edge {
  return {
    name: "read",
    tone: "ink",
    label: (col) => inputs[col]!,
    small: (col) => String(positions[col]!),
    underlined: (col) => produced[col]!,
  };
}

/** The same at the other end: labels alone. */
export function bareEdge(row: TokenRow): Edge {
  return { ...readEdge(row), name: "", small: null };
}

/** Without labels. */
export const NO_EDGE: Edge = {
  name: "",
  tone: "ink",
  label: () => "",
  small: null,
  underlined: () => false,
};

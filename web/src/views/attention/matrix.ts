import type { GridModel } from "../../parts/heatmodel";
import { paintOf, type Paint } from "../../parts/ramp";
import { signedPaint } from "../../parts/signed";
import type { Scheme } from "../../parts/theme";
import type { AttentionHeader } from "../../spec/headers";
import { holds, type Block } from "./blocks";
import { countsOf, rowOf, unitOf } from "./tokens";
import { toldDifference, told, type HeadWeights } from "./weights";

/** Pixels of the labels beside the rows: of a letter, of their edges, at least and at most. */
const LABEL = { letter: 6.6, edges: 14, least: 52, most: 110 } as const;
/** More tokens than this are drawn as an overview, without numbers in the cells. */
const FEW = 24;
const ROWS = { worded: 20, overview: 6, dense: 3 } as const;

/** Whether there are too many keys for numbers in their cells. */
export function isOverview(header: AttentionHeader): boolean {
  return countsOf(header).key > FEW;
}

/**
 * Queries down, keys across; shaded by the square root, the numbers are linear.
 * `full`: the weight that has the strongest shade.
 */
export function headModel(
  header: AttentionHeader,
  weights: HeadWeights,
  block: Block,
  scheme: Scheme,
  full = 1,
): GridModel {
  return {
    ...frame(header),
    label: `Weights of ${sidesWords(header)}; arrow keys move.`,
    paint: (row, col) =>
      holds(block, row, col)
        ? paintOf("clay", scheme, Math.sqrt(weights.at(row, col) / full))
        : null,
    uncut: true,
    text: (row, col) => {
      const weight = weights.at(row, col);
      return Number.isNaN(weight) || !holds(block, row, col) ? "" : told(weight);
    },
  };
}

/** The weights of one head less those of another, in percentage points. */
export function differenceModel(
  header: AttentionHeader,
  difference: (query: number, key: number) => number,
  scheme: Scheme,
): GridModel {
  return {
    ...frame(header),
    label: `Differences of ${sidesWords(header)}; arrow keys move.`,
    paint: (row, col) => differencePaint(difference(row, col), scheme),
    uncut: true,
    text: (row, col) => {
      const value = difference(row, col);
      return Number.isNaN(value) ? "" : toldDifference(value);
    },
  };
}

/** Shaded by the square root, as weights are. */
export function differencePaint(difference: number, scheme: Scheme): Paint | null {
  return signedPaint(Math.sign(difference) * Math.sqrt(Math.abs(difference)), scheme);
}

function frame(header: AttentionHeader): Omit<GridModel, "label" | "paint" | "text"> {
  const { query: count, key } = countsOf(header);
  const keys = rowOf(header, "key");
  const worded = !isOverview(header) || (header.keys !== null && count <= FEW);
  const rowHeight = worded ? ROWS.worded : count > 200 ? ROWS.dense : ROWS.overview;
  const every = Math.ceil(ROWS.worded / rowHeight);
  const edge = {
    name: keys.times ? "sound" : header.keys ? "source" : "key",
    tone: "ink",
    label: (col: number) => keys.inputs[col]!,
    small: (col: number) => (keys.times ? keys.inputs[col]! : String(keys.positions[col]!)),
    underlined: (col: number) => keys.produced[col]!,
  } as const;
  return {
    rows: count,
    cols: key,
    rowHeight,
    ringed: () => false,
    rowLabel: (row) => (row % every === 0 ? header.inputs[row]! : ""),
    labelRoom: labelRoom(header.inputs),
    above: edge,
    below: { ...edge, name: "", small: null },
  };
}

/** A grid before it is shown anything. */
export function emptyModel(): GridModel {
  const edge = { name: "", tone: "ink", label: () => "", small: null, underlined: () => false };
  return {
    rows: 0,
    cols: 0,
    label: "",
    paint: () => null,
    text: () => "",
    ringed: () => false,
    rowLabel: () => "",
    above: { ...edge, tone: "ink" },
    below: { ...edge, tone: "ink" },
  };
}

/** The room for the longest label; the grid cuts what is longer than all there is. */
function labelRoom(labels: readonly string[]): number {
  const longest = labels.reduce((most, label) => Math.max(most, label.length), 0);
  return Math.min(LABEL.most, Math.max(LABEL.least, LABEL.edges + LABEL.letter * longest));
}

function sidesWords(header: AttentionHeader): string {
  const { query, key } = countsOf(header);
  return `${query} ${unitOf(header, "query")}s on ${key} ${unitOf(header, "key")}s`;
}

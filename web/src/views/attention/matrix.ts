import type { GridModel } from "../../parts/heatmodel";
import { paintOf } from "../../parts/ramp";
import type { Scheme } from "../../parts/theme";
import type { AttentionHeader } from "../../spec/headers";
import { told, type HeadWeights } from "./weights";

const LABEL = 7;
/** More tokens than this are drawn as an overview, without numbers in the cells. */
const FEW = 24;
const ROWS = { worded: 20, overview: 6, dense: 3 } as const;

export function isOverview(count: number): boolean {
  return count > FEW;
}

/** Queries down, keys across; shaded by the square root, the numbers are linear. */
export function headModel(
  header: AttentionHeader,
  weights: HeadWeights,
  scheme: Scheme,
): GridModel {
  const count = header.inputs.length;
  const rowHeight = !isOverview(count) ? ROWS.worded : count > 200 ? ROWS.dense : ROWS.overview;
  const every = Math.ceil(ROWS.worded / rowHeight);
  const edge = {
    name: "key",
    tone: "ink",
    label: (col: number) => header.inputs[col]!,
    small: (col: number) => String(header.positions[col]!),
    underlined: (col: number) => header.produced[col]!,
  } as const;
  return {
    rows: count,
    cols: count,
    rowHeight,
    label: `Weights of ${count} tokens on ${count} tokens; arrow keys move.`,
    paint: (row, col) => paintOf("clay", scheme, Math.sqrt(weights.at(row, col))),
    text: (row, col) => {
      const weight = weights.at(row, col);
      return Number.isNaN(weight) ? "" : told(weight);
    },
    ringed: () => false,
    rowLabel: (row) => (row % every === 0 ? short(header.inputs[row]!) : ""),
    above: edge,
    below: { ...edge, name: "", small: null },
  };
}

function short(label: string): string {
  const characters = Array.from(label);
  return characters.length > LABEL ? `${characters.slice(0, LABEL - 1).join("")}…` : label;
}

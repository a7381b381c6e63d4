import { INPUT_LAYER } from "../../parts/layers";
import type { State } from "./cell";
import type { LensHeader } from "../../spec/headers";

/** A row of the grid: a state of the residual stream. */
export interface Row {
  readonly layer: number;
  readonly inside: boolean;
}

/** The states in the order they are drawn, from the top of the picture down. */
export function drawnRows(header: LensHeader, state: State): Row[] {
  const rows: Row[] = [];
  for (const layer of header.layers) {
    if (layer === INPUT_LAYER && !state.inputRow) continue;
    if (header.inside && layer !== INPUT_LAYER) rows.push({ layer, inside: true });
    rows.push({ layer, inside: false });
  }
  return state.finalOnTop ? rows.reverse() : rows;
}

/** Where a state stands among the drawn rows; -1 where it is hidden. */
export function rowIndex(rows: readonly Row[], row: Row): number {
  return rows.findIndex(({ layer, inside }) => layer === row.layer && inside === row.inside);
}

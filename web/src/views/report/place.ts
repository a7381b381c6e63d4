import type { Selection } from "../../parts/selection";
import type { ReportHeader } from "../../spec/report";

/** Printed for the token that the model would say next. */
export const UNSAID = "?";

/** The token that is looked at: which position is read, and what came after it. */
export interface Place {
  /** The row of the position in the header's lists. */
  readonly row: number;
  readonly at: number;
  readonly read: string;
  /** "" at the last position, and in a masked model: nothing came. */
  readonly came: string;
}

/** Where one is in a report; a position that is not there counts as the one that is picked first. */
export function placeOf(header: ReportHeader, selection: Selection): Place {
  const { positions, inputs } = header;
  const picked = selection.picked.at;
  const at = picked !== null && positions.includes(picked) ? picked : header.opens_at;
  const row = positions.indexOf(at);
  const came = header.masked ? "" : (inputs[row + 1] ?? "");
  return { row, at, read: inputs[row]!, came };
}

/** Goes to a row of the text; beyond an end it stays there. */
export function goTo({ positions }: ReportHeader, selection: Selection, row: number): void {
  selection.set({ at: positions[Math.min(positions.length - 1, Math.max(0, row))]! });
}

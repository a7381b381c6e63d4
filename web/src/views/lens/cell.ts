/** A cell of the residual stream: a state at a position. */
export interface Cell {
  readonly at: number;
  readonly layer: number;
  /** The state between attention and MLP of the layer, not the one after it. */
  readonly inside: boolean;
}

/** What is chosen in a lens, and how it is shown. */
export interface State extends Cell {
  /** Whether hovering leaves the selected cell alone. */
  readonly pinned: boolean;
  /** The cell under the pointer; never part of the address. */
  readonly hover: Cell | null;
  /** The name of the quantity that colours the grid. */
  readonly mode: string;
  readonly finalOnTop: boolean;
  readonly inputRow: boolean;
  /** Whether the cells are shrunk so that all columns fit. */
  readonly overview: boolean;
  readonly panel: "" | "candidates" | "table";
}

/** The cell a reader looks at: the one under the pointer unless one is pinned. */
export function shownCell(state: State): Cell {
  return state.pinned ? state : (state.hover ?? state);
}

export function sameCell(a: Cell | null, b: Cell | null): boolean {
  if (a === null || b === null) return a === b;
  return a.at === b.at && a.layer === b.layer && a.inside === b.inside;
}

/** The one state of a page: what is selected, and how it is shown. All views share it. */

/** A cell of the residual stream: a state at a position. */
export interface Cell {
  readonly at: number;
  readonly layer: number;
  /** The state between attention and MLP of the layer, not the one after it. */
  readonly inside: boolean;
}

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

export interface Store {
  readonly state: State;
  /** What the page shows when nothing was chosen; only what differs is in the address. */
  readonly initial: State;
  set(change: Partial<State>): void;
  subscribe(listener: (now: State, before: State) => void): () => void;
}

/** A store that starts at `initial`, moved on by `change` (what an address says). */
export function createStore(initial: State, change: Partial<State> = {}): Store {
  const listeners = new Set<(now: State, before: State) => void>();
  let state: State = { ...initial, ...change };
  return {
    initial,
    get state() {
      return state;
    },
    set(patch) {
      const before = state;
      const next = { ...state, ...patch };
      if ((Object.keys(patch) as (keyof State)[]).every((key) => next[key] === before[key])) return;
      state = next;
      for (const listener of listeners) listener(next, before);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** The cell a reader looks at: the one under the pointer unless one is pinned. */
export function shownCell(state: State): Cell {
  return state.pinned ? state : (state.hover ?? state);
}

export function sameCell(a: Cell | null, b: Cell | null): boolean {
  if (a === null || b === null) return a === b;
  return a.at === b.at && a.layer === b.layer && a.inside === b.inside;
}

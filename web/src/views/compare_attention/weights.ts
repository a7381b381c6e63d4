import type { SlotRow } from "../../spec/compare";
import type { Grid } from "../../spec/spec";

const PARTS = 65_535;

/** A key or a query with the weights of both runs between it and the slot asked about. */
export interface Versus {
  readonly slot: number;
  readonly first: number;
  readonly second: number;
}

/** Whose tokens look and are looked at: of cross attention `keys` are of other texts. */
export interface Looking extends SlotRow {
  readonly keys?: SlotRow | null;
}

/** The weights of one head in both runs, on slots. */
export class PairWeights {
  /** How many slots look, and how many are looked at. */
  readonly queries: number;
  readonly keys: number;
  private readonly across: SlotRow;

  constructor(
    private readonly row: Looking,
    private readonly sides: readonly [Grid, Grid],
    private readonly causal: boolean,
  ) {
    this.across = row.keys ?? row;
    this.queries = row.same.length;
    this.keys = this.across.same.length;
  }

  /** Linear, 0..1; NaN where the run has no such token, or the query could not see the key. */
  at(run: 0 | 1, query: number, key: number): number {
    if (this.causal && key > query) return NaN;
    if (this.row.at[run][query]! < 0 || this.across.at[run][key]! < 0) return NaN;
    const entry = this.causal ? (query * (query + 1)) / 2 + key : query * this.keys + key;
    return this.sides[run].data[entry]! / PARTS;
  }

  /** Second minus first; NaN where a side has none. */
  difference(query: number, key: number): number {
    return this.at(1, query, key) - this.at(0, query, key);
  }

  /** What a query looks at in either run, the largest difference first. */
  outgoing(query: number): Versus[] {
    return this.versus(this.keys, (key) => [query, key]);
  }

  /** Which queries look at a key in either run, the largest difference first. */
  incoming(key: number): Versus[] {
    return this.versus(this.queries, (query) => [query, key]);
  }

  private versus(
    count: number,
    cell: (slot: number) => readonly [query: number, key: number],
  ): Versus[] {
    const found: Versus[] = [];
    for (let slot = 0; slot < count; slot++) {
      const [first, second] = [this.at(0, ...cell(slot)), this.at(1, ...cell(slot))];
      if (!Number.isNaN(first) || !Number.isNaN(second)) found.push({ slot, first, second });
    }
    return found.sort((a, b) => apart(b) - apart(a) || a.slot - b.slot);
  }
}

/** How far apart the two are; a side without the token gives it no weight. */
export function apart({ first, second }: Versus): number {
  return Math.abs((second || 0) - (first || 0));
}

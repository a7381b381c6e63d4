import type { SlotRow } from "../../spec/compare";
import type { Grid } from "../../spec/spec";

const PARTS = 65_535;

/** A key or a query with the weights of both runs between it and the slot asked about. */
export interface Versus {
  readonly slot: number;
  readonly first: number;
  readonly second: number;
}

/** The weights of one head in both runs, on slots. */
export class PairWeights {
  readonly size: number;

  constructor(
    private readonly row: SlotRow,
    private readonly sides: readonly [Grid, Grid],
    private readonly causal: boolean,
  ) {
    this.size = row.same.length;
  }

  /** Linear, 0..1; NaN where the run has no such token, or the query could not see the key. */
  at(run: 0 | 1, query: number, key: number): number {
    if (this.causal && key > query) return NaN;
    if (this.row.at[run][query]! < 0 || this.row.at[run][key]! < 0) return NaN;
    const entry = this.causal ? (query * (query + 1)) / 2 + key : query * this.size + key;
    return this.sides[run].data[entry]! / PARTS;
  }

  /** Second minus first; NaN where a side has none. */
  difference(query: number, key: number): number {
    return this.at(1, query, key) - this.at(0, query, key);
  }

  /** What a query looks at in either run, the largest difference first. */
  outgoing(query: number): Versus[] {
    return this.versus((key) => [query, key]);
  }

  /** Which queries look at a key in either run, the largest difference first. */
  incoming(key: number): Versus[] {
    return this.versus((query) => [query, key]);
  }

  private versus(cell: (slot: number) => readonly [number, number]): Versus[] {
    const found: Versus[] = [];
    for (let slot = 0; slot < this.size; slot++) {
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

import type { CompareExpertsHeader } from "../../spec/compare";
import { arraysOf, type Arrays, type Grid, type Spec } from "../../spec/spec";

export type Run = 0 | 1;

/** An expert that either run called in a cell: what it has in both. */
export interface Routed {
  readonly expert: number;
  /** What multiplies its output, 0 where it was not called; NaN where the run has no token. */
  readonly weights: readonly [number, number];
  readonly scores: readonly [number, number];
}

const ARRAYS = [
  "place",
  "expert",
  "weight",
  "score",
  "variation",
  "shared",
  "rerouted",
  "entropy",
  "load",
] as const;

/** To which experts two runs sent their tokens: rows of layers by slots. */
export class Routes {
  readonly header: CompareExpertsHeader;
  /** The largest weight of all: the end of its scale. */
  readonly strongest: number;
  private readonly arrays: Arrays<typeof ARRAYS>;

  constructor(spec: Spec<CompareExpertsHeader>) {
    this.header = spec.header;
    this.arrays = arraysOf(spec, ARRAYS);
    let most = 0;
    for (const value of this.arrays.weight.data) if (value > most) most = value;
    this.strongest = most || 1;
  }

  /** Whether the page holds the experts of a layer, and not only how far the two are apart. */
  held(row: number): boolean {
    return this.arrays.place.at(row) >= 0;
  }

  /** The experts that either run called, the largest weight first; none where they are not held. */
  at(row: number, slot: number): Routed[] {
    const found: Routed[] = [];
    if (!this.held(row)) return found;
    const { place, expert: experts, weight, score } = this.arrays;
    const there = place.at(row);
    for (let n = 0; n < experts.shape[2]!; n++) {
      const expert = experts.at(there, slot, n);
      if (expert < 0) break;
      const both = (grid: Grid): [number, number] => [
        grid.at(0, there, slot, n),
        grid.at(1, there, slot, n),
      ];
      found.push({ expert, weights: both(weight), scores: both(score) });
    }
    return found;
  }

  /** The experts that a run called, its strongest first. */
  called(run: Run, row: number, slot: number): Routed[] {
    const weight = ({ weights }: Routed): number => weights[run];
    return this.at(row, slot)
      .filter((one) => Math.abs(weight(one)) > 0)
      .sort((a, b) => weight(b) - weight(a));
  }

  /** The weights of an expert in a cell; NaN where a run has no token, or they are not held. */
  weightsOf(expert: number, row: number, slot: number): readonly [number, number] {
    const found = this.at(row, slot).find((one) => one.expert === expert);
    if (found) return found.weights;
    if (!this.held(row)) return [NaN, NaN];
    const { at } = this.header;
    return [at[0][slot]! < 0 ? NaN : 0, at[1][slot]! < 0 ? NaN : 0];
  }

  /** The share of the weight that goes to other experts, 0..1; NaN where a side has no token. */
  variation(row: number, slot: number): number {
    return this.arrays.variation.at(row, slot);
  }

  /** How many experts both called; NaN where a side has no token. */
  shared(row: number, slot: number): number {
    return this.arrays.shared.at(row, slot);
  }

  /** Whether both have the token, and no expert in common. */
  differs(row: number, slot: number): boolean {
    return this.shared(row, slot) === 0 && this.variation(row, slot) > 0;
  }

  /** The share of layers without an expert in common; NaN where a side has no token. */
  rerouted(slot: number): number {
    return this.arrays.rerouted.at(slot);
  }

  /** In nats; NaN where the run has no token or the layer no scores. */
  entropy(run: Run, row: number, slot: number): number {
    return this.arrays.entropy.at(run, row, slot);
  }

  /** The share of a run's tokens that called an expert. */
  load(run: Run, row: number, expert: number): number {
    return this.arrays.load.at(run, row, expert);
  }

  /** How much more often the second called it. */
  change(row: number, expert: number): number {
    return this.load(1, row, expert) - this.load(0, row, expert);
  }

  /** The largest load of a layer in either run: the end of its bars. */
  busiest(row: number): number {
    let most = 0;
    for (let expert = 0; expert < this.header.counts[row]!; expert++)
      most = Math.max(most, this.load(0, row, expert), this.load(1, row, expert));
    return most || 1;
  }

  /** Slots that both have, those sent elsewhere in most layers first, then by how much. */
  ranked(): number[] {
    const { layers, same } = this.header;
    const mean = (slot: number): number =>
      layers.reduce((sum, _, row) => sum + this.variation(row, slot), 0) / layers.length;
    return same
      .map((_, slot) => [slot, this.rerouted(slot), mean(slot)] as const)
      .filter(([, share]) => !Number.isNaN(share))
      .sort((a, b) => b[1] - a[1] || b[2] - a[2] || a[0] - b[0])
      .map(([slot]) => slot);
  }
}

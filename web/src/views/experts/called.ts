import type { ExpertsHeader } from "../../spec/routing";
import { arraysOf, later, type Arrays, type Spec } from "../../spec/spec";

const STEPS = 65535;

/** An expert that was called: its number, its score, and what multiplies its output. */
export interface Called {
  readonly expert: number;
  readonly score: number;
  readonly weight: number;
}

const ARRAYS = ["chosen", "weight", "score", "load", "entropy", "passed_over"] as const;

/** The numbers of a mixture by cell: a row of layers at a column of tokens. */
export class Calls {
  readonly header: ExpertsHeader;
  /** The largest weight of the strongest expert: the end of the scale. */
  readonly strongest: number;
  private readonly arrays: Arrays<typeof ARRAYS>;

  constructor(private readonly spec: Spec<ExpertsHeader>) {
    this.header = spec.header;
    this.arrays = arraysOf(spec, ARRAYS);
    let most = 0;
    for (const value of this.arrays.weight.data) if (value > most) most = value;
    this.strongest = most;
  }

  /** The experts called in a cell, the strongest first. */
  at(row: number, col: number): Called[] {
    const found: Called[] = [];
    for (let k = 0; k < this.header.k; k++) {
      const expert = this.arrays.chosen.at(row, col, k);
      if (expert < 0) continue;
      const [score, weight] = [
        this.arrays.score.at(row, col, k),
        this.arrays.weight.at(row, col, k),
      ];
      found.push({ expert, score, weight });
    }
    return found;
  }

  /** What multiplies an expert's output in a cell; NaN where it was not called. */
  weightOf(expert: number, row: number, col: number): number {
    return this.at(row, col).find((one) => one.expert === expert)?.weight ?? NaN;
  }

  /** The share of tokens that called an expert. */
  load(row: number, expert: number): number {
    return this.arrays.load.at(row, expert);
  }

  /** What every expert's load would be if all were called equally often. */
  equal(row: number): number {
    let sum = 0;
    for (let expert = 0; expert < this.header.counts[row]!; expert++) sum += this.load(row, expert);
    return sum / this.header.counts[row]!;
  }

  /** In nats; the most it can be is the logarithm of the number of experts. */
  entropy(row: number, col: number): number {
    return this.arrays.entropy.at(row, col);
  }

  /** Experts with a better score than one that was called; -1 where there are no scores. */
  passedOver(row: number, col: number): number {
    return this.arrays.passed_over.at(row, col);
  }

  get anyPassedOver(): boolean {
    for (const count of this.arrays.passed_over.data) if (count > 0) return true;
    return false;
  }

  hasScores(row: number): boolean {
    return this.header.scores[row] !== "";
  }

  /** Whether every score of a row of layers is here: a page has room for so many. */
  holds(row: number): boolean {
    return this.hasScores(row) && row >= this.leftOut;
  }

  /** Every score of a row of layers: (position, expert). */
  async scoresOf(row: number): Promise<(col: number, expert: number) => number> {
    if (!this.holds(row)) return () => NaN;
    const grid = await later(this.spec, "probability", row - this.leftOut);
    return (col, expert) => (grid.at(col, expert) / STEPS) ** 2 * this.header.top;
  }

  private get leftOut(): number {
    return this.header.layers.length - this.header.held;
  }
}

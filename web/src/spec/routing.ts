import type { RowHeader } from "./headers";

/**
 * Kind "experts": chosen, weight, score (layer, position, k), -1 and NaN where none was called;
 * entropy, passed_over (layer, position); load (layer, expert); later, where there are any,
 * probability (layer held, position, expert), the square root of the share of `top` in 65,535ths.
 */
export interface ExpertsHeader extends RowHeader {
  readonly layers: readonly number[];
  /** How many experts each layer has. */
  readonly counts: readonly number[];
  readonly k: number;
  /** What the scores of each layer are: "softmax", ...; "" where they can't be had. */
  readonly scores: readonly string[];
  /** The largest score of the picture. */
  readonly top: number;
  /** How many of the last layers have every score here; of the others a page had no room. */
  readonly held: number;
}

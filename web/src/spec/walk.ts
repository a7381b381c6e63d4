import type { RowHeader, TokenRow } from "./headers";

/** One step of a walk; its numbers are the array "step:NAME". */
export interface WalkStep {
  readonly name: string;
  readonly title: string;
  readonly stage: "embedding" | "attention" | "cross" | "mlp" | "output";
  readonly formula: string;
  readonly axes: readonly string[];
  readonly inputs: readonly string[];
  readonly module: string;
  readonly weights: Readonly<Record<string, readonly number[]>>;
  /** How far the step lies from what its inputs give; null for what is only recorded. */
  readonly gap: number | null;
  readonly ids: readonly number[];
  readonly labels: readonly string[];
}

export interface WalkHeader extends RowHeader {
  /** The tokens that an encoder-decoder reads; null for other models. */
  readonly source: TokenRow | null;
  readonly at: number;
  readonly layer: number;
  readonly n_layers: number;
  readonly steps: readonly WalkStep[];
  /** [part, why] of what could not be proven. */
  readonly refused: readonly (readonly [string, string])[];
  /** Numbers per token that a key-value cache keeps of this block (0: none), and bytes of each. */
  readonly cached: number;
  readonly bytes: number;
}

import type { Header } from "./spec";

/** One way to colour the grid: its scale, its ramp, and which end of it is drawn strong. */
export interface Quantity {
  readonly name: string;
  readonly words: string;
  readonly unit: string;
  readonly scale: "linear" | "log";
  readonly low: number;
  readonly high: number;
  readonly ramp: "clay" | "teal";
  readonly strong: "high" | "low";
}

/** Kind "logit_lens". R layers (ascending, -1 = "in") by P positions by k tokens. */
export interface LensHeader extends Header {
  readonly positions: readonly number[];
  readonly layers: readonly number[];
  readonly inputs: readonly string[];
  readonly nexts: readonly string[];
  readonly produced: readonly boolean[];
  readonly roles: readonly string[];
  readonly input_ids: readonly number[];
  readonly next_ids: readonly number[];
  readonly k: number;
  readonly vocabulary: readonly string[];
  readonly rank_of: {
    readonly name: string;
    readonly words: string;
    readonly target: readonly number[];
  };
  readonly against: string;
  readonly quantities: readonly Quantity[];
  /** The quantity that is shown first. */
  readonly opens_with: string;
  readonly inside: boolean;
  readonly stays: {
    readonly layer: number;
    readonly position: number;
    readonly label: string;
  } | null;
}

/** Kind "candidates": the k tokens after each layer at one position. */
export interface CandidatesHeader extends Header {
  readonly layers: readonly number[];
  readonly k: number;
  readonly position: number;
  readonly label: string;
  readonly next: string;
  readonly next_id: number;
  readonly vocabulary: readonly string[];
  readonly words: string;
}

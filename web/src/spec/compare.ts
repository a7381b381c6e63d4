import type { Header } from "./spec";

/** Two rows of tokens as one row of slots: [first, second] of each. */
export interface SlotRow {
  /** Positions; -1 where a run has no token. */
  readonly at: readonly [readonly number[], readonly number[]];
  /** Labels; "" where a run has no token. */
  readonly inputs: readonly [readonly string[], readonly string[]];
  readonly produced: readonly [readonly boolean[], readonly boolean[]];
  /** Whether both have the same token. */
  readonly same: readonly boolean[];
  /** How many are of the sources of two encoder-decoders, which come first; absent elsewhere. */
  readonly read?: number;
}

/** What every picture of two runs has. */
export interface ComparedHeader extends Header {
  readonly names: readonly [string, string];
}

/**
 * Kind "compare_attention": variation, largest (layer, head), rows (layer, head, slot),
 * thumbnails (layer, head, S, S), place (layer, head); later: first, second (embedded, entry).
 */
export interface CompareAttentionHeader extends ComparedHeader, SlotRow {
  /** Of cross attention the slots of both sources, which are looked at; else null: as the queries. */
  readonly keys: SlotRow | null;
  readonly layers: readonly number[];
  readonly heads: readonly number[];
  readonly groups: readonly number[];
  readonly causal: boolean;
  readonly embedded: string;
  /** The head ("9.3"), query and key at which the difference is largest. */
  readonly opens: { readonly head: string; readonly at: number; readonly key: number };
}

/**
 * Kind "compare_experts": place (layer), the row of a layer in the next three, -1 for none; expert
 * (row, slot, n), those that either run called, -1 for none; weight, score (run, row, slot, n);
 * variation, shared (layer, slot); rerouted (slot); entropy (run, layer, slot); load (run, layer,
 * expert). NaN where a side has no token.
 */
export interface CompareExpertsHeader extends ComparedHeader, SlotRow {
  readonly layers: readonly number[];
  /** How many experts each layer has. */
  readonly counts: readonly number[];
  /** What the scores of each layer are: "softmax", ...; "" where they can't be had. */
  readonly scores: readonly string[];
  /** The row of layers and the slot that it opens with. */
  readonly opens: { readonly layer: number; readonly slot: number };
}

/** One way to colour the grid; `gap` is the largest difference, drawn strongest. */
export interface ComparedQuantity {
  readonly name: string;
  readonly words: string;
  readonly unit: string;
  readonly scale: "linear" | "log";
  /** Whether it is a share, told in percent. */
  readonly share: boolean;
  readonly low: number;
  readonly high: number;
  readonly strong: "high" | "low";
  readonly gap: number;
}

/**
 * Kind "compare": each quantity (run, row, column), the runs being first, second, difference; of
 * the logit lens also top_index, top_probability (run, row, column, k) of both, and same_top,
 * state_distance (row, column).
 */
export interface CompareHeader extends ComparedHeader {
  readonly lens: string;
  readonly rows: readonly string[];
  readonly row_axis: string;
  /** Whether the last row is drawn on top. */
  readonly upwards: boolean;
  readonly columns: SlotRow;
  readonly column_axis: string;
  readonly quantities: readonly ComparedQuantity[];
  readonly opens_with: string;
  readonly opens: { readonly row: number; readonly column: number };
  readonly vocabulary: readonly string[];
}

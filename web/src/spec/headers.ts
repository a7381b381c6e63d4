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

/** A row of tokens. */
export interface TokenRow {
  readonly positions: readonly number[];
  readonly inputs: readonly string[];
  readonly texts: readonly string[];
  readonly produced: readonly boolean[];
  readonly roles: readonly string[];
  /** Of the frames of a sound: the second at which each begins. */
  readonly times?: readonly number[];
}

/** Tokens that are explained, each a row of the picture. */
export interface Targets {
  readonly targets: readonly number[];
  /** The token explained at each target. */
  readonly explained: readonly string[];
}

/** What every picture with tokens along an axis carries of them. */
export interface RowHeader extends Header, TokenRow {}

/** Kind "logit_lens". R layers (ascending, -1 = "in") by P positions by k tokens. */
export interface LensHeader extends RowHeader {
  readonly layers: readonly number[];
  readonly nexts: readonly string[];
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
  /** Whether top tokens were checked in float32; absent where that was not asked for. */
  readonly checked?: boolean;
  /** Whether cells are still being computed: they are empty. */
  readonly partial: boolean;
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
  /** For each layer the token that float32 puts on top, where it is another one; else "". */
  readonly float32: readonly string[];
}

/** Kind "watch": rank and probability (layer, token) at one position. */
export interface WatchHeader extends Header {
  readonly layers: readonly number[];
  readonly tokens: readonly string[];
  readonly token_ids: readonly number[];
  readonly position: number;
  readonly read: string;
  readonly came: string;
  readonly vocabulary_size: number;
}

/** Kind "pairs": rank and probability (run, layer, token). */
export interface PairsHeader extends Header {
  readonly layers: readonly number[];
  readonly tokens: readonly string[];
  readonly runs: readonly string[];
  readonly at: readonly number[];
  readonly vocabulary_size: number;
}

/**
 * Kind "neurons": activation (layer, row, position), neuron and activity (layer, row); in a
 * mixture also expert, expert_neuron (layer, row).
 */
export interface NeuronsHeader extends RowHeader {
  readonly layers: readonly number[];
  /** How many neurons each block has. */
  readonly of: readonly number[];
  readonly first: number;
  readonly chosen: boolean;
  readonly gated: boolean;
  readonly low: number;
  readonly high: number;
}

/**
 * Kind "clusters": pattern (row, position) as shares of 255, cluster, layer, neuron (row); in a
 * mixture also expert, expert_neuron (row).
 */
export interface ClustersHeader extends RowHeader {
  readonly sizes: readonly number[];
  readonly rows_per_cluster: number;
  readonly silent: number;
  readonly by: string;
  readonly exclude: readonly number[];
  readonly layers: readonly number[];
}

/** Kind "factors": activation (factor, position), overlap, neurons per layer. */
export interface FactorsHeader extends RowHeader {
  readonly layers: readonly number[];
  readonly share: readonly number[];
  readonly neurons: readonly number[];
  readonly half: readonly number[];
  readonly error: number;
  readonly converged: boolean;
  readonly exclude: readonly number[];
  readonly parts: readonly string[];
  readonly rows: number;
  readonly massive_first: boolean;
  readonly colouring: string;
}

/**
 * Kind "attention": thumbnails, thumbnails_rest (layer, head, S, S), place (layer, head),
 * weights (embedded head, entry), figures (figure, layer, head).
 */
export interface AttentionHeader extends RowHeader {
  /** Whose attention it is: of an encoder-decoder one of the last three. */
  readonly stream: "self" | "decoder" | "encoder" | "cross";
  /** The tokens that are looked at, where they are of another text than those that look. */
  readonly keys: TokenRow | null;
  readonly layers: readonly number[];
  readonly heads: readonly number[];
  /** The key-value group of each head. */
  readonly groups: readonly number[];
  readonly figures: readonly {
    readonly name: string;
    readonly words: string;
    /** "1" for a share. */
    readonly unit: string;
  }[];
  readonly opens_with: string;
  readonly causal: boolean;
  /** How many heads the page holds at full size, and how exactly, in words. */
  readonly embedded: string;
  readonly encoding: string;
  /** Which view is shown first: every head of the model, or the heads of one layer. */
  readonly opens: "model" | "heads";
  /** What the numbers are; other than "weight", a row is shown in shares of its sum. */
  readonly weighting: { readonly name: string; readonly words: string; readonly unit: string };
  /** Over which heads each layer was taken together; it then has one row of them. */
  readonly aggregate: "mean" | "max" | "rollout" | null;
  /** The first position of the second part of the text, for the filter between parts. */
  readonly split: number | null;
  readonly parts: readonly [string, string] | null;
  /** Layers of the model that have no attention. */
  readonly missing_layers: readonly number[];
  /** Whether heads that are not here can be asked for. */
  readonly live: boolean;
  /** In a page that computes weights from queries and keys: how, by layer; else null. */
  readonly queries: {
    readonly scale: readonly number[];
    readonly cap: readonly (number | null)[];
    readonly window: readonly (number | null)[];
    readonly causal: readonly boolean[];
    /** The row of keys that each head uses, of so many in a layer. */
    readonly of: readonly number[];
    readonly groups: number;
    /** How far off a weight is at most. */
    readonly error: number;
  } | null;
}

/**
 * Kind "saliency": share, score (target, source), value, gap, moved (target); where there is a text that
 * was read, source_share, source_score (target, its position).
 */
export interface SaliencyHeader extends RowHeader, Targets {
  /** The number of the word that each token belongs to. */
  readonly words: readonly number[];
  /** The text that an encoder-decoder read; null for other models. */
  readonly source: (TokenRow & { readonly words: readonly number[] }) | null;
  /** What the numbers are, as [name, words]: explains, aggregation, normalisation, baseline. */
  readonly terms: readonly (readonly [string, string])[];
  readonly method: string;
  readonly unit: string;
  readonly value_unit: string;
  /** A completeness gap above it, or a score that moved by more, is called "not converged". */
  readonly threshold: number;
}

/** Kind "deletion": probability (run, count), low, high (count). */
export interface DeletionHeader extends RowHeader {
  readonly runs: readonly string[];
  readonly run_words: readonly string[];
  readonly counts: readonly number[];
  /** 1 for the token that is taken out first. */
  readonly place: readonly number[];
  /** The text that an encoder-decoder read, whose tokens go too; null for other models. */
  readonly source: (TokenRow & { readonly place: readonly number[] }) | null;
  readonly fall: readonly number[];
  readonly advantage: readonly [number, number, number];
  readonly target: number;
  readonly explained: string;
  readonly method: string;
}

/**
 * Kind "alignment": weight (layer, target, source), best (layer, target), back (layer, source), the
 * largest of each row and column as indices, -1 where there is none. Its row of tokens is the
 * source's.
 */
export interface AlignmentHeader extends RowHeader, Targets {
  readonly target_produced: readonly boolean[];
  /** [] where it is of no layer. */
  readonly layers: readonly number[];
  /** The row of the layer that is shown first. */
  readonly opens_with: number;
  readonly of: "attention" | "saliency";
  readonly head: number | null;
  /** "1" for a share. */
  readonly unit: string;
}

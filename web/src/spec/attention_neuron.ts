import type { RowHeader, TokenRow } from "./headers";

/**
 * Kind "attention_neuron": query, key (T, d), value (T, dv) of one head for every token; with a
 * rotary embedding query_before, key_before (T, d), cos, sin (T, turned); with position biases
 * bias (T, T); with a mask besides causal and window hidden (T, T), 1 where it may not look. Where
 * keys are a source's S tokens: key, value (S, ...), bias, hidden (T, S).
 */
export interface AttentionNeuronHeader extends RowHeader {
  /** The tokens of the keys, where they are a source's; null where they are the text's own. */
  readonly source: TokenRow | null;
  readonly layer: number;
  readonly head: number;
  /** The key-value head it uses, and how many heads share that one. */
  readonly group: number;
  readonly group_size: number;
  /** The position whose query is shown first. */
  readonly at: number;
  readonly scale: number;
  /** Scores become cap * tanh(score / cap); null where they don't. */
  readonly cap: number | null;
  /** The score that lies on no token; null where there is none. */
  readonly sink: number | null;
  readonly causal: boolean;
  /** How many tokens each sees, itself included; null where there is no bound. */
  readonly window: number | null;
  /** Which entries are turned together; null where there is no rotary embedding to show. */
  readonly layout: "half" | "interleaved" | null;
}

import type { Quantity, TokenRow } from "./headers";
import type { Header } from "./spec";

/** One place where the answer may be. */
export interface Answer {
  readonly start: number;
  readonly end: number;
  readonly probability: number;
  readonly text: string;
}

/** The likeliest answers after a layer, best first; `none`: that there is none, null if unknown. */
export interface Answers {
  readonly best: readonly Answer[];
  readonly none: number | null;
}

/**
 * Kind "classes": logit, probability (layer, position, label); of a text one position. Of where an
 * answer lies the labels are its start and end.
 */
export interface ClassesHeader extends Header {
  readonly task: "sequence" | "token" | "span";
  readonly labels: readonly string[];
  readonly layers: readonly number[];
  /** What can colour the cells; a model without probabilities has its logits alone. */
  readonly quantities: readonly Quantity[];
  /** After each layer, of a model that finds answers. */
  readonly spans: readonly Answers[];
  /** The tokens across; null of a text, where the labels are across. */
  readonly row: TokenRow | null;
}

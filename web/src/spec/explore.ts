import type { Header } from "./spec";

/** One text of the explorer's tree; `labels` are of its last token, or of all where it begins. */
export interface ExploreNode {
  /** -1 where a tree begins. */
  readonly parent: number;
  readonly labels: readonly string[];
  readonly token_id: number;
  readonly text: string;
  /** Of its last token after the parent; null where a tree begins. */
  readonly probability: number | null;
  /** Of what comes next, in nats. */
  readonly entropy: number;
}

/** Continuations drawn from a node, best mean log-probability (in nats) first. */
export interface Drawn {
  readonly node: number;
  readonly options: Readonly<Record<string, number | null>>;
  readonly ways: readonly { readonly labels: readonly string[]; readonly mean: number }[];
}

/** Kind "explore": candidate_id, candidate_index, candidate_logit, log_total by node. */
export interface ExploreHeader extends Header {
  readonly nodes: readonly ExploreNode[];
  readonly at: number;
  readonly k: number;
  readonly temperature: number;
  readonly top_k: number | null;
  readonly top_p: number | null;
  readonly temperatures: readonly number[];
  /** How many tokens there are. */
  readonly vocab: number;
  readonly vocabulary: readonly string[];
  /** Labels of the tokens that an encoder-decoder read; null for other models. */
  readonly source: readonly string[] | null;
  readonly samples: readonly Drawn[];
}

/** What Python answers, as JSON: one node, its candidates, and what was drawn from it. */
export interface ExploreAnswer {
  readonly at: number;
  readonly node: ExploreNode;
  readonly ids: readonly number[];
  readonly labels: readonly string[];
  readonly logits: readonly number[];
  readonly totals: readonly number[];
  readonly drawn: Drawn | null;
}

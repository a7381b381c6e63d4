import type { RowHeader, TokenRow } from "./headers";

/** Where a number comes from: a section, and what is to be picked there (null: left as it is). */
export interface AccountLink {
  readonly section: string;
  readonly at: number | null;
  readonly layer: number | null;
  readonly head: number | null;
}

/** [style, text, link]; styles as in a sentence: "", "b", "out", "in". */
export type AccountRun = readonly [style: string, text: string, link: AccountLink | null];
export type AccountLine = readonly AccountRun[];

/** One lens of a report: the question it answers, or why it could not be had. */
export interface ReportSection {
  readonly name: string;
  readonly title: string;
  readonly question: string;
  readonly kind: string;
  /** The only position of its picture; null where it has all. */
  readonly at: number | null;
  /** Null where it is here, else the reason in words. */
  readonly missing: string | null;
}

/** Kind "report": top_index (into vocabulary), token_id, probability (position, k). */
export interface ReportHeader extends RowHeader {
  /** The text that an encoder-decoder read; null for other models. */
  readonly source: TokenRow | null;
  /** The position that is picked first. */
  readonly opens_at: number;
  /** The token that came after each position; -1 at the last. */
  readonly next_ids: readonly number[];
  readonly sections: readonly ReportSection[];
  /** What is said of each position; null where Python is asked for it. */
  readonly accounts: readonly (readonly AccountLine[])[] | null;
  readonly vocabulary: readonly string[];
}

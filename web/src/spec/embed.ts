import type { Header } from "./spec";

/** Kind "embed": similarity (text, text), the cosine of every two texts' vectors. */
export interface EmbedHeader extends Header {
  readonly texts: readonly string[];
  /** The smallest cosine. */
  readonly least: number;
}

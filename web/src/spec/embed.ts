import type { Header } from "./spec";

/** Kind "embed": similarity (text, text), the cosine of every two texts' vectors. */
export interface EmbedHeader extends Header {
  readonly texts: readonly string[];
  /** The smallest cosine. */
  readonly least: number;
}

/** Kind "points": value (text), each text's place on one axis. */
export interface PointsHeader extends Header {
  readonly texts: readonly string[];
  readonly low: number;
  readonly high: number;
  readonly ticks: readonly number[];
  /** What stands at 0 and at 1; null where the axis needs no such words. */
  readonly ends: readonly [string, string] | null;
  /** What the axis is, in a word. */
  readonly axis: string;
  /** How many points come before those that are left out; null where all are there. */
  readonly gap: number | null;
}

import type { AttentionHeader } from "../../spec/headers";
import { countsOf } from "./tokens";

/** Queries and keys from..to (exclusive): all of a head, or what one part reads of another. */
export interface Block {
  readonly queries: readonly [number, number];
  readonly keys: readonly [number, number];
}

/** Which parts look at which, by the letters of the address. */
export const BLOCKS = ["all", "aa", "ab", "ba", "bb"] as const;

/** The block of a filter between the two parts of a text. */
export function blockOf(name: string, header: AttentionHeader): Block {
  const { query: count, key: keys } = countsOf(header);
  const split = header.split === null ? -1 : header.positions.indexOf(header.split);
  if (split < 0 || name === "all") return { queries: [0, count], keys: [0, keys] };
  const side = (letter: string): [number, number] => (letter === "a" ? [0, split] : [split, count]);
  return { queries: side(name[0]!), keys: side(name[1]!) };
}

export function holds({ queries, keys }: Block, query: number, key: number): boolean {
  return query >= queries[0] && query < queries[1] && key >= keys[0] && key < keys[1];
}

/** A filter in words: "A → B". */
export function blockWords(name: string, header: AttentionHeader): string {
  const [a, b] = header.parts ?? ["A", "B"];
  const part = (letter: string): string => (letter === "a" ? a : b);
  return name === "all" ? "all" : `${part(name[0]!)} → ${part(name[1]!)}`;
}

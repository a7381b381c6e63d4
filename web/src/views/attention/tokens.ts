import type { AttentionHeader, TokenRow } from "../../spec/headers";

export type Side = "query" | "key";

/** A token on the left, which looks, or on the right, which is looked at. */
export interface Token {
  readonly side: Side;
  readonly at: number;
}

/** The tokens of a side: one text, or two where an encoder-decoder looks at its source. */
export function rowOf(header: AttentionHeader, side: Side): TokenRow {
  return side === "key" ? (header.keys ?? header) : header;
}

/** What stands on a side: tokens of a text, or frames of a sound. */
export function unitOf(header: AttentionHeader, side: Side): "token" | "frame" {
  return unitIn(rowOf(header, side));
}

/** What the numbers of a side count. */
export function placeWord(row: TokenRow): "position" | "frame" {
  return row.times ? "frame" : "position";
}

export function unitIn({ times }: TokenRow): "token" | "frame" {
  return times ? "frame" : "token";
}

export function sideOf(header: AttentionHeader, side: Side): readonly string[] {
  return rowOf(header, side).inputs;
}

/** How many tokens each side has. */
export type Counts = Readonly<Record<Side, number>>;

export function countsOf(header: AttentionHeader): Counts {
  return { query: header.positions.length, key: rowOf(header, "key").positions.length };
}

export function sameToken(a: Token, b: Token): boolean {
  return a.side === b.side && a.at === b.at;
}

/** Tokens as they stand in the address: "q3.k5". */
export function codeOf(tokens: readonly Token[]): string {
  return tokens.map(({ side, at }) => `${side[0]!}${at}`).join(".");
}

/** Back from the address; null where one of them is not there. */
export function tokensOf(code: string, counts: Counts): Token[] | null {
  if (code === "") return [];
  const tokens: Token[] = [];
  for (const part of code.split(".")) {
    const found = /^([qk])(\d{1,7})$/.exec(part);
    const token =
      found && ({ side: found[1] === "q" ? "query" : "key", at: Number(found[2]) } as const);
    if (!token || token.at >= counts[token.side]) return null;
    tokens.push(token);
  }
  return tokens;
}

/** A token added where it is not there, taken out where it is. */
export function toggled(tokens: readonly Token[], token: Token): Token[] {
  const others = tokens.filter((other) => !sameToken(other, token));
  return others.length < tokens.length ? others : [...others, token];
}

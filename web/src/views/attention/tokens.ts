export type Side = "query" | "key";

/** A token on the left, which looks, or on the right, which is looked at. */
export interface Token {
  readonly side: Side;
  readonly at: number;
}

export function sameToken(a: Token, b: Token): boolean {
  return a.side === b.side && a.at === b.at;
}

/** Tokens as they stand in the address: "q3.k5". */
export function codeOf(tokens: readonly Token[]): string {
  return tokens.map(({ side, at }) => `${side[0]!}${at}`).join(".");
}

/** Back from the address; null where one of them is not there. */
export function tokensOf(code: string, count: number): Token[] | null {
  if (code === "") return [];
  const tokens: Token[] = [];
  for (const part of code.split(".")) {
    const found = /^([qk])(\d{1,7})$/.exec(part);
    if (!found || Number(found[2]) >= count) return null;
    tokens.push({ side: found[1] === "q" ? "query" : "key", at: Number(found[2]) });
  }
  return tokens;
}

/** A token added where it is not there, taken out where it is. */
export function toggled(tokens: readonly Token[], token: Token): Token[] {
  const others = tokens.filter((other) => !sameToken(other, token));
  return others.length < tokens.length ? others : [...others, token];
}

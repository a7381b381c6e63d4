import type { Choices } from "../../parts/choices";
import { codeOf, sameToken, toggled, tokensOf, type Counts, type Token } from "./tokens";

/** The tokens that are looked at: the one chosen last, and those pinned beside it. */
export class Focus {
  constructor(
    private readonly choices: Choices,
    private readonly counts: Counts,
  ) {}

  /** The token chosen last: where the keyboard is. */
  get cursor(): Token {
    const side = this.choices.get("side") === "key" ? "key" : "query";
    return { side, at: this.choices.number(side === "key" ? "key" : "at") };
  }

  /** All that are looked at, the last chosen first; null where all tokens are. */
  get tokens(): Token[] | null {
    if (this.choices.get("focus") === "all") return null;
    const { cursor } = this;
    return [cursor, ...this.pins.filter((token) => !sameToken(token, cursor))];
  }

  /** One token, or with `add` one more: a pinned one is let go, and the one before it is looked at. */
  choose(token: Token, add: boolean): void {
    const pins = add ? this.pinned(token) : [];
    const lost = add && !pins.some((pin) => sameToken(pin, token));
    const cursor = lost ? (pins.at(-1) ?? token) : token;
    this.choices.set({ ...this.placed(cursor), pins: codeOf(pins) });
  }

  /** Another token was picked on the page: it is the one that looks. */
  follow(): void {
    this.choices.set({ side: "query", focus: "token" });
  }

  /** The keyboard goes on: what is pinned stays. */
  move(token: Token): void {
    this.choices.set(this.placed(token));
  }

  /** Lets go of what is pinned, then of the last token too. */
  release(): void {
    this.choices.set(this.pins.length ? { pins: "" } : { focus: "all" });
  }

  private get pins(): Token[] {
    return tokensOf(this.choices.get("pins"), this.counts) ?? [];
  }

  private pinned(token: Token): Token[] {
    const before = this.pins;
    const { cursor } = this;
    // The first pin keeps the token that was looked at until then.
    const kept = before.length || this.choices.get("focus") === "all" ? before : [cursor];
    return sameToken(token, cursor) && !before.length ? [token] : toggled(kept, token);
  }

  private placed({ side, at }: Token): Record<string, string> {
    return { side, [side === "key" ? "key" : "at"]: String(at), focus: "token" };
  }
}

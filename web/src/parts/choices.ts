import type { Address } from "./address";

export type Values = Readonly<Record<string, string>>;

/**
 * What is chosen on a page of few choices: one string each, kept in the address.
 * Only what differs from the start is written there; what is not allowed is left as it was.
 */
export class Choices {
  private values: Values;
  private readonly listeners = new Set<(now: Values, before: Values) => void>();
  private readonly stopAddress: () => void;

  constructor(
    private readonly start: Values,
    private readonly allowed: (name: string, value: string) => boolean,
    private readonly address: Address | null,
  ) {
    this.values = this.read();
    this.stopAddress = address ? address.subscribe(() => this.set(this.read())) : () => {};
  }

  get(name: string): string {
    return this.values[name]!;
  }

  /** A choice that is a whole number. */
  number(name: string): number {
    return Number(this.values[name]);
  }

  set(change: Values): void {
    const before = this.values;
    const names = Object.keys(change).filter((name) => change[name] !== before[name]);
    if (!names.length) return;
    this.values = { ...before, ...change };
    const fragment = this.fragment();
    if (this.address && this.address.read() !== fragment) this.address.write(fragment);
    for (const listener of this.listeners) listener(this.values, before);
  }

  subscribe(listener: (now: Values, before: Values) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  dispose(): void {
    this.stopAddress();
    this.listeners.clear();
  }

  private fragment(): string {
    return Object.keys(this.start)
      .filter((name) => this.values[name] !== this.start[name])
      .map((name) => `${name}=${encodeURIComponent(this.values[name]!)}`)
      .join("&");
  }

  private read(): Values {
    const said = new URLSearchParams(this.address?.read() ?? "");
    const pairs = Object.entries(this.start).map(([name, value]) => {
      const text = said.get(name);
      return [name, text !== null && this.allowed(name, text) ? text : value];
    });
    return Object.fromEntries(pairs) as Values;
  }
}

/** Whether a text is a whole number from `low` to `high`. */
export function isWhole(text: string, low: number, high: number): boolean {
  return /^-?\d{1,9}$/.test(text) && Number(text) >= low && Number(text) <= high;
}

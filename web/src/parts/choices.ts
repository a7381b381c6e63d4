import type { Address } from "./address";
import type { Picked, Selection } from "./selection";

export type Values = Readonly<Record<string, string>>;

/** Where the choices of a view are kept. */
export interface Kept {
  readonly address: Address | null;
  /** Stands before this view's names in the address: "lens." makes "lens.mode=rank". */
  readonly scope: string;
  /** What all views of a page share; null where a view is alone. */
  readonly selection: Selection | null;
}

/** How one choice follows the selection of a page, and what choosing it selects there. */
export interface Link {
  /** The choice that the selection says; null where it says nothing of it. */
  read(picked: Picked, now: string): string | null;
  write(value: string): Partial<Picked>;
}

/**
 * What is chosen in a view: one string for each choice, kept in the address.
 * Only what differs from the start is written there; what is not allowed is left as it was. On a
 * page of several views, linked choices are kept by the selection they share, not here.
 */
export class Choices {
  private values: Values;
  private readonly listeners = new Set<(now: Values, before: Values) => void>();
  private readonly stops: (() => void)[] = [];
  private readonly links: Readonly<Record<string, Link>>;

  constructor(
    private readonly start: Values,
    private readonly allowed: (name: string, value: string) => boolean,
    private readonly kept: Kept,
    links: Readonly<Record<string, Link>> = {},
  ) {
    this.links = kept.selection ? links : {};
    this.values = start;
    this.values = this.read();
    const follow = (): void => void this.change(this.read());
    if (kept.address) this.stops.push(kept.address.subscribe(follow));
    if (kept.selection) this.stops.push(kept.selection.subscribe(follow));
  }

  get(name: string): string {
    return this.values[name]!;
  }

  /** A choice that is a whole number. */
  number(name: string): number {
    return Number(this.values[name]);
  }

  set(change: Values): void {
    const names = this.change(change);
    const picked = names.map((name) => this.links[name]?.write(this.values[name]!));
    if (picked.some(Boolean)) this.kept.selection?.set(Object.assign({}, ...picked));
  }

  subscribe(listener: (now: Values, before: Values) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  dispose(): void {
    for (const stop of this.stops) stop();
    this.listeners.clear();
  }

  /** Takes what differs, writes the address and tells the listeners; returns what differed. */
  private change(change: Values): string[] {
    const before = this.values;
    const names = Object.keys(change).filter((name) => change[name] !== before[name]);
    if (!names.length) return names;
    this.values = { ...before, ...change };
    this.write();
    for (const listener of this.listeners) listener(this.values, before);
    return names;
  }

  /** What others have written in the address stays there. */
  private write(): void {
    const { address, scope } = this.kept;
    if (!address) return;
    const own = new Map(this.ownNames().map((name) => [scope + name, name]));
    const others = address
      .read()
      .split("&")
      .filter((pair) => pair && !own.has(pair.split("=")[0]!));
    const pairs = [...own]
      .filter(([, name]) => this.values[name] !== this.start[name])
      .map(([key, name]) => `${key}=${escaped(this.values[name]!)}`);
    const fragment = [...others, ...pairs].join("&");
    if (address.read() !== fragment) address.write(fragment);
  }

  private ownNames(): string[] {
    return Object.keys(this.start).filter((name) => !this.links[name]);
  }

  /** What the address and the selection say; the start where they say nothing. */
  private read(): Values {
    const { address } = this.kept;
    const said = new URLSearchParams(address?.read() ?? "");
    const pairs = Object.entries(this.start).map(([name, value]) => {
      const link = this.links[name];
      if (!link && !address) return [name, this.values[name]];
      const text = link
        ? link.read(this.kept.selection!.picked, this.values[name]!)
        : said.get(this.kept.scope + name);
      if (text === null) return [name, value];
      // A token picked elsewhere may be none of this view's: its own stays then.
      return [name, this.allowed(name, text) ? text : link ? this.values[name] : value];
    });
    return Object.fromEntries(pairs) as Values;
  }
}

/** A fragment may hold commas as they are. */
function escaped(value: string): string {
  return encodeURIComponent(value).replaceAll("%2C", ",");
}

/** Whether a text is a whole number from `low` to `high`. */
export function isWhole(text: string, low: number, high: number): boolean {
  return /^-?\d{1,9}$/.test(text) && Number(text) >= low && Number(text) <= high;
}

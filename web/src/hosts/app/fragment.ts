import type { Address } from "../../parts/address";

/** Milliseconds without a change until the address is written: browsers allow few in a second. */
const WRITE_DELAY = 350;

/** The fragment of the window's address, which belongs to the screen that is shown. */
export class Fragment implements Address {
  private pending: string | null = null;
  private timer = 0;
  private readonly listeners = new Set<() => void>();

  constructor() {
    window.addEventListener("hashchange", () => {
      this.drop();
      for (const listener of [...this.listeners]) listener();
    });
  }

  read(): string {
    return this.pending ?? window.location.hash.replace(/^#/, "");
  }

  write(fragment: string): void {
    this.pending = fragment;
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.flush(), WRITE_DELAY);
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Writes what waits: called before the path changes, so that going back finds it. */
  flush(): void {
    window.clearTimeout(this.timer);
    if (this.pending === null) return;
    window.history.replaceState(null, "", this.pending ? `#${this.pending}` : bare());
    this.pending = null;
  }

  /** Forgets what waits: the path that it was of has gone. */
  drop(): void {
    window.clearTimeout(this.timer);
    this.pending = null;
  }
}

function bare(): string {
  return window.location.pathname + window.location.search;
}

import type { Address } from "../src/parts/address";
import type { Kept } from "../src/parts/choices";
import type { Selection } from "../src/parts/selection";

/** An address in memory; `change` is the reader's own hand. */
export class Place implements Address {
  private readonly listeners = new Set<() => void>();

  constructor(public fragment = "") {}

  read(): string {
    return this.fragment;
  }

  write(fragment: string): void {
    this.fragment = fragment;
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  change(fragment: string): void {
    this.fragment = fragment;
    for (const listener of this.listeners) listener();
  }
}

export function kept(address: Place, scope = "", selection: Selection | null = null): Kept {
  return { address, scope, selection };
}

/** Light or dark: what the reader's system says, until they choose; print is always light. */

export type Scheme = "light" | "dark";

export interface Theme {
  readonly scheme: Scheme;
  toggle(): void;
  /** Called after each change; returns the way to stop. */
  subscribe(listener: () => void): () => void;
  dispose(): void;
}

/** The theme of everything under `root`, which carries it as `data-scheme`. */
export function createTheme(root: HTMLElement, given: Scheme | null = null): Theme {
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const listeners = new Set<() => void>();
  let chosen = given;
  let printing = false;

  const current = (): Scheme => {
    if (printing) return "light";
    return chosen ?? (system.matches ? "dark" : "light");
  };
  const apply = (): void => {
    root.dataset["scheme"] = current();
    for (const listener of listeners) listener();
  };
  const startPrint = (): void => {
    printing = true;
    apply();
  };
  const endPrint = (): void => {
    printing = false;
    apply();
  };
  system.addEventListener("change", apply);
  window.addEventListener("beforeprint", startPrint);
  window.addEventListener("afterprint", endPrint);
  apply();
  return {
    get scheme() {
      return current();
    },
    toggle() {
      chosen = current() === "dark" ? "light" : "dark";
      apply();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    dispose() {
      system.removeEventListener("change", apply);
      window.removeEventListener("beforeprint", startPrint);
      window.removeEventListener("afterprint", endPrint);
      listeners.clear();
    },
  };
}

/** The colours and fonts a canvas draws with, as the style sheet has them now. */
export interface Palette {
  readonly ink: string;
  readonly dim: string;
  readonly line: string;
  readonly card: string;
  readonly accent: string;
  readonly out: string;
  readonly void: string;
  readonly mono: string;
  readonly sans: string;
}

export function paletteOf(node: Element): Palette {
  const style = getComputedStyle(node);
  const read = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    ink: read("ink"),
    dim: read("dim"),
    line: read("line"),
    card: read("card"),
    accent: read("accent"),
    out: read("out"),
    void: read("void"),
    mono: read("mono"),
    sans: read("sans"),
  };
}

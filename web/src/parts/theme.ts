/** Light or dark: what the host or the reader's system says, until they choose; print is light. */

export type Scheme = "light" | "dark";

export interface Theme {
  readonly scheme: Scheme;
  toggle(): void;
  /** Called after each change; returns the way to stop. */
  subscribe(listener: () => void): () => void;
  dispose(): void;
}

/** What a notebook or an app around the pictures says of its own colours. */
export interface HostScheme {
  /** Null where it says nothing: then the system's are taken. */
  now(): Scheme | null;
  /** Called after each change; returns the way to stop. */
  subscribe(listener: () => void): () => void;
}

/** The theme of everything under `root`, which carries it as `data-scheme`. */
export function createTheme(root: HTMLElement, host: HostScheme | null = null): Theme {
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const listeners = new Set<() => void>();
  let chosen: Scheme | null = null;
  let printing = false;

  const current = (): Scheme => {
    if (printing) return "light";
    return chosen ?? host?.now() ?? (system.matches ? "dark" : "light");
  };
  const apply = (): void => {
    root.dataset["scheme"] = current();
    for (const listener of listeners) listener();
  };
  const startPrint = (): void => {
    printing = true;
    root.dataset["printing"] = "";
    apply();
  };
  const endPrint = (): void => {
    printing = false;
    delete root.dataset["printing"];
    apply();
  };
  system.addEventListener("change", apply);
  const stop = host?.subscribe(apply);
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
      stop?.();
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

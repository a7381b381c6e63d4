import { INPUT_LAYER, layerName } from "./layers";
import type { State, Store } from "./selection";

/** Where the state of a page is kept between visits: the fragment of its address. */
export interface Address {
  read(): string;
  write(fragment: string): void;
  /** Called when the reader changes it by hand; returns the way to stop. */
  subscribe(listener: () => void): () => void;
}

interface Field {
  readonly key: string;
  write(state: State): string;
  read(text: string): Partial<State> | null;
}

/** One row per part of the state; "#at=4&layer=29&mode=rank" reads as it says. */
const FIELDS: readonly Field[] = [
  {
    key: "at",
    write: (state) => String(state.at),
    read: (text) => whole(text, (at) => ({ at })),
  },
  {
    key: "layer",
    write: (state) => layerName(state.layer),
    read: (text) => (text === "in" ? { layer: INPUT_LAYER } : whole(text, (layer) => ({ layer }))),
  },
  flag("inside", "inside", "yes", "no"),
  flag("pinned", "pinned", "yes", "no"),
  { key: "mode", write: (state) => state.mode, read: (mode) => ({ mode }) },
  flag("final", "finalOnTop", "top", "bottom"),
  flag("input", "inputRow", "shown", "hidden"),
  flag("cells", "overview", "fit", "words"),
  {
    key: "show",
    write: (state) => state.panel,
    read: (text) =>
      text === "candidates" || text === "table" || text === "" ? { panel: text } : null,
  },
];

/** The fragment of a state: what differs from the page's initial state, without "#". */
export function fragmentOf(state: State, initial: State): string {
  return FIELDS.map(({ key, write }) => [key, write(state), write(initial)] as const)
    .filter(([, now, start]) => now !== start)
    .map(([key, now]) => `${key}=${encodeURIComponent(now)}`)
    .join("&");
}

/** What a fragment says of the state; parts that can't be read are left out. */
export function stateOf(fragment: string): Partial<State> {
  const said = new URLSearchParams(fragment.replace(/^#/, ""));
  let change: Partial<State> = {};
  for (const { key, read } of FIELDS) {
    const text = said.get(key);
    if (text !== null) change = { ...change, ...read(text) };
  }
  return change;
}

/** Keeps a store and an address in step; returns the way to stop. */
export function bindAddress(
  store: Store,
  address: Address,
  allowed: (change: Partial<State>) => Partial<State>,
): () => void {
  const stopStore = store.subscribe(() => {
    const fragment = fragmentOf(store.state, store.initial);
    if (fragment !== address.read()) address.write(fragment);
  });
  const stopAddress = address.subscribe(() => {
    store.set({ ...store.initial, ...allowed(stateOf(address.read())) });
  });
  return () => {
    stopStore();
    stopAddress();
  };
}

function whole(text: string, change: (value: number) => Partial<State>): Partial<State> | null {
  return /^\d{1,9}$/.test(text) ? change(Number(text)) : null;
}

function flag(
  key: string,
  name: "inside" | "pinned" | "finalOnTop" | "inputRow" | "overview",
  yes: string,
  no: string,
): Field {
  return {
    key,
    write: (state) => (state[name] ? yes : no),
    read: (text) => (text === yes || text === no ? { [name]: text === yes } : null),
  };
}

import { style } from "./style";
import { element } from "../parts/dom";
import { createTheme, type Scheme } from "../parts/theme";
import { decode } from "../spec/decode";
import { SpecError } from "../spec/spec";
import type { Chunk } from "../spec/chunks";
import type { Address } from "../parts/address";
import type { Ask } from "../views/host";
import { viewOf } from "../views/kinds";

/** What a place of pictures gives: an address, its colours, who is asked, the rest of the data. */
export interface Mount {
  readonly address: Address | null;
  readonly scheme: Scheme | null;
  readonly ask: Ask | null;
  readonly chunk: Chunk;
}

/**
 * Shows an envelope and its data inside `place`, style included; returns the clean-up.
 * What can't be shown is said there in words. `data-ready` on the root says that all is drawn but
 * the rows that are unpacked when they are looked at.
 */
export function mount(
  place: HTMLElement | ShadowRoot,
  envelope: unknown,
  data: Uint8Array,
  { address, scheme, ask, chunk }: Mount,
): () => void {
  const root = element("div", { class: "cutaway" });
  place.replaceChildren(element("style", {}, style), root);
  const theme = createTheme(root, scheme);
  let clear = (): void => {};
  try {
    const spec = decode(envelope, data, chunk);
    const alone = { scope: "", selection: null, alone: true } as const;
    clear = viewOf(spec.kind)(spec, root, { theme, address, ask, ...alone });
  } catch (error) {
    if (!(error instanceof SpecError)) throw error;
    root.replaceChildren(problem(error.message));
  }
  root.dataset["ready"] = "true";
  return () => {
    clear();
    theme.dispose();
    place.replaceChildren();
  };
}

/** Says in a page without a picture why there is none. */
export function explain(place: HTMLElement, words: string): void {
  const root = element("div", { class: "cutaway" }, problem(words));
  place.replaceChildren(element("style", {}, style), root);
  createTheme(root);
}

function problem(words: string): HTMLElement {
  return element("p", { class: "problem", role: "alert" }, words);
}

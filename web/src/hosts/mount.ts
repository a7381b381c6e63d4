import { style } from "./style";
import { element } from "../parts/dom";
import { Selection } from "../parts/selection";
import { createTheme, type HostScheme } from "../parts/theme";
import { SpecError, type Spec } from "../spec/spec";
import type { Address } from "../parts/address";
import type { Ask, Host, Section, Show } from "../views/host";
import { viewOf } from "../views/kinds";

/** What a place of pictures gives: an address, its colours, who is asked, the report's sections. */
export interface Mount {
  readonly address: Address | null;
  readonly scheme: HostScheme | null;
  readonly ask: Ask | null;
  readonly section: Section | null;
  /** Whether the picture is the whole page, and not a part of one that has a head of its own. */
  readonly alone: boolean;
}

/**
 * Shows the picture that `read` gives inside `place`, style included where it is the whole page;
 * returns the clean-up.
 * What can't be shown is said there in words. `data-ready` on the root says that all is drawn but
 * the rows that are unpacked when they are looked at, and the sections that are open.
 */
export function mount(place: HTMLElement | ShadowRoot, read: () => Spec, given: Mount): () => void {
  const root = element("div", { class: "cutaway" });
  // The app has the style already; its own rules come after it and must not be overruled.
  place.replaceChildren(...(given.alone ? [element("style", {}, style)] : []), root);
  const theme = createTheme(root, given.scheme);
  let clear = (): void => {};
  try {
    const spec = read();
    const { address, ask, section, alone } = given;
    const selection = selectionOf(spec, given);
    const common = { theme, address, ask, selection, alone, section, scope: "", nested: false };
    const stop = viewOf(spec.kind)(spec, root, { ...common, show: showing(common) });
    clear = () => {
      stop();
      selection?.dispose();
    };
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

/** The one selection of a report, and of the app, whose pictures follow each other. */
function selectionOf({ header }: Spec, { address, alone }: Mount): Selection | null {
  const { opens_at: at, source } = header as { opens_at?: number; source?: object | null };
  if (at === undefined) return alone ? null : new Selection(address);
  return new Selection(address, at, source ? 0 : null);
}

/** How a view draws another inside itself. */
function showing(common: Omit<Host, "show">): Show {
  const { ask } = common;
  return (spec, root, { scope, section }) =>
    viewOf(spec.kind)(spec, root, {
      ...common,
      scope,
      alone: false,
      nested: true,
      ask: ask && ((question) => ask({ ...question, section })),
      section: null,
      show: null,
    });
}

/** Says in a page without a picture why there is none. */
export function explain(
  place: HTMLElement | ShadowRoot,
  words: string,
  scheme: HostScheme | null = null,
): void {
  const root = element("div", { class: "cutaway" }, problem(words));
  place.replaceChildren(element("style", {}, style), root);
  createTheme(root, scheme);
}

function problem(words: string): HTMLElement {
  return element("p", { class: "problem", role: "alert" }, words);
}

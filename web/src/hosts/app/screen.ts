import type { Theme } from "../../parts/theme";
import { element, type Child } from "../../parts/dom";
import type { Fragment } from "./fragment";
import { hrefOf, type Route } from "./route";
import type { Server } from "./server";
import type { Work } from "./work";

/** What every screen is given. */
export interface App {
  readonly server: Server;
  readonly work: Work;
  readonly theme: Theme;
  /** The fragment, where the pictures keep what is chosen. */
  readonly address: Fragment;
  /** Shows another screen; `replace` leaves no step to go back to. */
  go(route: Route, replace?: boolean): void;
}

/** What is shown under the masthead while a path is open. */
export interface Screen {
  /** Of the window. */
  readonly title: string;
  readonly element: HTMLElement;
  /** Once it is in the page. */
  start?(): void;
  dispose?(): void;
}

/** A link to a screen; the shell shows it without loading the page again. */
export function link(route: Route, ...children: Child[]): HTMLAnchorElement {
  return element("a", { href: hrefOf(route) }, ...children);
}

/** Words that say what went wrong where it did; nothing for null. */
export function problemNode(words: string | null, ...more: Child[]): HTMLElement | null {
  if (words === null) return null;
  return element("div", { class: "problem", role: "alert" }, element("span", {}, words), ...more);
}

/** Cards under each other, as wide as the screen's other ones. */
export function single(...cards: HTMLElement[]): HTMLElement {
  return element("div", { class: "board is-single" }, ...cards);
}

/** The card that a screen begins with: what it is, what one can do there. */
export function headed(
  title: string,
  about: string,
  controls: readonly HTMLElement[],
  ...body: Child[]
): HTMLElement {
  const words = element(
    "div",
    {},
    element("h1", {}, title),
    element("p", { class: "about" }, about),
  );
  const chosen = controls.length ? element("div", { class: "card-controls" }, ...controls) : null;
  const head = element("div", { class: "card-head" }, words, chosen);
  return element("section", { class: "card" }, head, ...body);
}

/** What stands where there is nothing yet: what to do. */
export function emptyNode(...words: Child[]): HTMLElement {
  return element("p", { class: "app-empty" }, ...words);
}

import { provenance } from "../parts/card";
import { element } from "../parts/dom";
import { masthead } from "../parts/masthead";
import type { Header, Spec } from "../spec/spec";
import type { Host, View } from "./host";

/** What a view puts on the page: its cards, and how they are kept in step. */
export interface Page {
  readonly cards: readonly HTMLElement[];
  /** Called once the cards are in the page and have their size. */
  start?(): void;
  /** After the theme has changed. */
  recolour?(): void;
  dispose?(): void;
}

/** The view whose cards stand under the masthead, with how it was made at the end. */
export function pageView<H extends Header>(make: (spec: Spec<H>, host: Host) => Page): View {
  return (anySpec, root, host) => {
    const spec = anySpec as Spec<H>;
    const page = make(spec, host);
    const board = element(host.alone ? "main" : "div", { class: "board" });
    board.append(...page.cards, provenance(spec.header));
    root.append(...(host.alone ? [masthead(spec.header, host.theme)] : []), board);
    page.start?.();
    const stop = host.theme.subscribe(() => page.recolour?.());
    return () => {
      stop();
      page.dispose?.();
      root.replaceChildren();
    };
  };
}

/** A card over the whole width of the board. */
export function wide(card: HTMLElement): HTMLElement {
  card.classList.add("is-wide");
  return card;
}

import { notes, provenance } from "../parts/card";
import { element } from "../parts/dom";
import { masthead } from "../parts/masthead";
import type { Header, Spec } from "../spec/spec";
import type { Host, View } from "./host";

/** What a view puts on the page: its cards, and how they are kept in step. */
export interface Page {
  readonly cards: readonly HTMLElement[];
  /** What stands between the masthead and the cards. */
  readonly bar?: HTMLElement;
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
    const made = host.nested ? notes(spec.header) : provenance(spec.header);
    board.append(...page.cards.map(placed), ...(made ? [made] : []));
    if (host.alone) root.append(masthead(spec.header, host.theme));
    root.append(...(page.bar ? [page.bar] : []), board);
    if (host.nested) hideHeading(page, spec.header.heading);
    page.start?.();
    const stop = host.theme.subscribe(() => page.recolour?.());
    return () => {
      stop();
      page.dispose?.();
      root.replaceChildren();
    };
  };
}

/** A readout follows the reader down the picture beside it, and no further. */
function placed(card: HTMLElement): HTMLElement {
  const follows = card.classList.contains("readout");
  return follows ? element("div", { class: "readout-box" }, card) : card;
}

/** The section that a picture stands in asks its question already. */
function hideHeading({ cards }: Page, heading: string): void {
  for (const title of cards.flatMap((card) => [...card.querySelectorAll("h2")])) {
    title.classList.toggle("visually-hidden", title.textContent === heading);
  }
}

/** A card over the whole width of the board. */
export function wide(card: HTMLElement): HTMLElement {
  card.classList.add("is-wide");
  return card;
}

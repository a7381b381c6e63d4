import { track } from "../../parts/candidates";
import { element } from "../../parts/dom";
import { percent } from "../../parts/format";

/** A candidate as it is listed. */
export interface Entry {
  readonly label: string;
  readonly share: number;
  /** After the sliders; null where they change nothing, NaN where it can't be said. */
  readonly drawn: number | null;
  /** Whether it was picked before. */
  readonly explored: boolean;
}

/** The candidates, best first: picked by a click, by their digit, or by Enter on one. */
export class CandidateList {
  readonly element = element("ol", { class: "explore-list", "aria-label": "Candidates" });
  private buttons: HTMLButtonElement[] = [];

  constructor(private readonly pick: (place: number) => void) {
    this.element.addEventListener("keydown", (event) => this.key(event));
  }

  /** The focus stays: on its line where they are the same tokens as before, else on the first. */
  show(entries: readonly Entry[], same: boolean): void {
    const focus = this.focus();
    const held = this.buttons.findIndex((line) => line === focus);
    this.buttons = entries.map((entry, place) => this.line(entry, place));
    this.element.replaceChildren(...this.buttons.map((line) => element("li", {}, line)));
    this.element.classList.toggle(
      "is-filtered",
      entries.some(({ drawn }) => drawn !== null),
    );
    if (held >= 0) this.move(same ? held : 0);
  }

  /** Picks by the digit of a key; 0 is the tenth. Returns whether it is one. */
  digit(key: string): boolean {
    if (!/^\d$/.test(key)) return false;
    const place = (Number(key) + 9) % 10;
    if (place < this.buttons.length) this.pick(place);
    return true;
  }

  private line(entry: Entry, place: number): HTMLButtonElement {
    const { label, share, drawn, explored } = entry;
    const bars = element("span", { class: "explore-bars" }, track(share));
    if (drawn !== null) bars.append(track(drawn));
    const line = element(
      "button",
      {
        type: "button",
        class: drawn === 0 ? "explore-line is-out" : "explore-line",
        tabindex: place ? -1 : 0,
      },
      element("span", { class: "explore-rank" }, String(place + 1)),
      element("code", { dir: "ltr" }, label),
      bars,
      element("span", { class: "amount" }, percent(share)),
      drawn === null ? null : element("span", { class: "amount" }, drawnWords(drawn)),
      element("span", { class: "explore-mark" }, explored ? "explored" : ""),
    );
    line.addEventListener("click", () => this.pick(place));
    return line;
  }

  private key(event: KeyboardEvent): void {
    const at = this.buttons.findIndex((line) => line === event.target);
    const last = this.buttons.length - 1;
    const moves: Readonly<Record<string, number>> = {
      ArrowDown: Math.min(last, at + 1),
      ArrowUp: Math.max(0, at - 1),
      Home: 0,
      End: last,
    };
    const next = moves[event.key];
    if (at < 0 || next === undefined) return;
    event.preventDefault();
    this.move(next);
  }

  private move(to: number): void {
    this.buttons.forEach((line, place) => (line.tabIndex = place === to ? 0 : -1));
    this.buttons[to]?.focus();
  }

  /** What has the focus: in a notebook the picture has a root of its own. */
  private focus(): Element | null {
    return (this.element.getRootNode() as Document | ShadowRoot).activeElement ?? null;
  }
}

function drawnWords(drawn: number): string {
  return drawn === 0 ? "out" : percent(drawn);
}

import { track } from "../../parts/candidates";
import { element, press } from "../../parts/dom";
import { percent } from "../../parts/format";
import { points } from "../../parts/signed";
import { slotCode, slotNumber } from "../compare/slots";
import type { Routes } from "./routes";

/** How many tokens are listed. */
export const LISTED = 10;

/** Buttons of which one is pressed, in an order that may change; focus stays on them. */
export class PickList {
  readonly element: HTMLElement;
  private buttons: (readonly [number, HTMLButtonElement])[] = [];
  private drawn = "";

  constructor(
    name: string,
    label: string,
    private readonly make: (number: number) => readonly HTMLElement[],
    private readonly pick: (number: number) => void,
  ) {
    this.element = element("div", { class: name, role: "group", "aria-label": label });
  }

  /** `key` says what is drawn: the buttons are made anew only where it is another. */
  show(key: string, numbers: readonly number[], chosen: number): void {
    if (key !== this.drawn) this.draw(key, numbers);
    for (const [number, node] of this.buttons) press(node, number === chosen);
  }

  private draw(key: string, numbers: readonly number[]): void {
    this.drawn = key;
    this.buttons = numbers.map((number) => {
      const node = element("button", { type: "button" }, ...this.make(number));
      node.addEventListener("click", () => this.pick(number));
      return [number, node] as const;
    });
    this.element.replaceChildren(...this.buttons.map(([, node]) => node));
  }
}

/** The tokens that are sent elsewhere in most layers. */
export function slotList(routes: Routes, pick: (slot: number) => void): PickList {
  const layers = routes.header.layers.length;
  return new PickList(
    "rerouted",
    "Tokens sent elsewhere",
    (slot) => {
      const share = routes.rerouted(slot);
      const told = `${Math.round(share * layers)} of ${layers}`;
      return [
        element(
          "span",
          { class: "rerouted-name" },
          element("small", {}, slotNumber(routes.header, slot)),
          slotCode(routes.header, slot),
        ),
        track(share),
        element("span", { class: "amount" }, told),
      ];
    },
    pick,
  );
}

/** How often each expert of a layer was called in both runs. */
export function loadList(routes: Routes, row: () => number, pick: (n: number) => void): PickList {
  return new PickList(
    "pair-loads",
    "Load",
    (expert) => {
      const loads = ([0, 1] as const).map((run) => routes.load(run, row(), expert));
      const most = routes.busiest(row());
      return [
        element("span", { class: "load-name" }, String(expert)),
        element("span", { class: "pair-bars" }, ...loads.map((load) => track(load / most))),
        element("span", { class: "amount" }, loads.map(percent).join(" → ")),
        element("b", { class: "amount" }, points(routes.change(row(), expert))),
      ];
    },
    pick,
  );
}

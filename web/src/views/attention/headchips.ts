import type { Choices } from "../../parts/choices";
import { button, element, enable, press } from "../../parts/dom";
import { dash, hue } from "../../parts/hues";
import type { Scheme } from "../../parts/theme";
import type { Heads } from "./heads";
import { codeOfOn, headsOn } from "./state";

/** Heads of one colour cycle; the next has dashes. */
const HUES = 8;

/** The colour and dashes of a head of a layer. */
export function inkOf(head: number, scheme: Scheme): { colour: string; dash: number[] } {
  const pattern = dash(Math.floor(head / HUES));
  return { colour: hue(head, scheme), dash: pattern ? pattern.split(" ").map(Number) : [] };
}

/** A chip for each head of a layer: a click turns it on or off, a double click leaves it alone. */
export class HeadChips {
  readonly element = element("div", { class: "chips", role: "group", "aria-label": "Heads" });
  private readonly buttons: HTMLButtonElement[];

  constructor(
    private readonly heads: Heads,
    private readonly choices: Choices,
    private readonly has: (head: number) => boolean,
  ) {
    const { header } = heads;
    this.buttons = header.heads.map((number, row) => this.chip(number, row));
    this.element.append(...(heads.grouped ? this.brackets() : this.buttons));
    const all = button("turn all on", () => this.turn(header.heads.map((_, row) => row)));
    this.element.append(all);
    const show = (): void => {
      this.buttons.forEach((node, row) => {
        press(node, this.on.includes(row));
        node.classList.toggle("is-absent", !this.has(row));
      });
      enable(all, this.on.length < header.heads.length);
    };
    choices.subscribe(show);
    show();
  }

  /** The rows of the heads that are on. */
  get on(): number[] {
    return headsOn(this.choices.get("on"), this.heads.header.heads)!;
  }

  recolour(scheme: Scheme): void {
    this.buttons.forEach((node, row) => {
      const { colour, dash } = inkOf(row, scheme);
      const swatch = node.querySelector("i")!;
      swatch.style.borderTopColor = colour;
      swatch.style.borderTopStyle = dash.length ? (dash[0]! > 3 ? "dashed" : "dotted") : "solid";
    });
  }

  private chip(number: number, row: number): HTMLButtonElement {
    const node = button(String(number), () => this.turn(toggledRow(this.on, row)), true);
    node.className = "head-chip";
    node.setAttribute("aria-label", `head ${number}`);
    node.title = "Click: on or off. Double click or Shift+Enter: this one alone, or all again.";
    node.append(element("i", {}));
    node.addEventListener("dblclick", () => this.isolate(row));
    node.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !event.shiftKey) return;
      this.isolate(row);
      event.preventDefault();
    });
    return node;
  }

  /** The chips of the heads that share keys and values stand under one bracket. */
  private brackets(): HTMLElement[] {
    const { groups } = this.heads.header;
    return [...new Set(groups)].map((group) => {
      const own = this.buttons.filter((_, row) => groups[row] === group);
      const box = element("div", { class: "bracket", role: "group" });
      box.setAttribute("aria-label", `key-value group ${group}`);
      box.append(element("div", {}, ...own), element("small", {}, `key-value ${group}`));
      return box;
    });
  }

  /** The two clicks of a double click have turned it on and off, or off and on. */
  private isolate(row: number): void {
    const alone = this.on.length === 1 && this.on[0] === row;
    this.turn(alone ? this.heads.header.heads.map((_, other) => other) : [row]);
  }

  private turn(rows: readonly number[]): void {
    this.choices.set({ on: codeOfOn(rows, this.heads.header.heads) });
  }
}

function toggledRow(rows: readonly number[], row: number): number[] {
  const others = rows.filter((other) => other !== row);
  return others.length < rows.length ? others : [...rows, row].sort((a, b) => a - b);
}
